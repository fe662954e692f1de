"""Refusal: the one exception of a command that is not carried out, and the codes that an answer can carry."""

from __future__ import annotations

from typing import Literal

Code = Literal[
    "malformed",
    "too_large",
    "unknown_command",
    "invalid",
    "busy",
    "retained",
    "expired",
    "transaction_reused",
    "unavailable",
    "not_found",
    "refused",
    "failed",
    "internal",
]
"""malformed: not a JSON object. too_large: over the command's size limit. unknown_command: no such command. invalid: a
field is wrong (``field`` names it). busy: over the rate, ask again. retained: sent with the retain flag. expired: came
too late. transaction_reused: same transaction, other content. unavailable: this box lacks what it takes. not_found: no
such capsule, model or profile. refused: understood, but not now. failed: tried, and went wrong. internal: a defect."""


class Refusal(Exception):
    """A command is not carried out; nothing was changed."""

    def __init__(self, code: Code, message: str, field: str | None = None) -> None:
        """``message`` is a sentence with the value and what is accepted; ``field`` the offending field (a.b.0.c)."""
        super().__init__(message)
        self.code: Code = code
        self.message = message
        self.field = field
