"""What goes wrong with capsules, each error with the field, the value and what is accepted."""

from __future__ import annotations

from pydantic import ValidationError

from visaged.text_form import complaint

# Values in messages are cut here: a megabyte of rubbish must not become a megabyte of log.
_SHOWN_CHARACTERS = 60


class CapsuleError(Exception):
    """A capsule, pack, packet or table that is refused. Nothing was changed.

    ``name`` is the file or ID it is about, ``field`` the key (dotted), ``problem`` what is wrong and what is accepted.
    """

    def __init__(self, name: str, field: str, problem: str) -> None:
        super().__init__(f"{name}: {field}: {problem}" if name else f"{field}: {problem}")
        self.name = name
        self.field = field
        self.problem = problem


class UnknownError(CapsuleError):
    """Something with that name is not installed: a capsule, an event, a profile, a context."""


class BusyError(CapsuleError):
    """More was asked for than is done per moment; the excess is refused and counted."""


def from_validation(name: str, error: ValidationError, whole: str = "header") -> CapsuleError:
    """The first complaint of pydantic as a CapsuleError; ``whole`` names the field when the whole is wrong."""
    first = error.errors(include_url=False)[0]
    field = ".".join(str(part) for part in first["loc"]) or whole
    got = "" if first["type"] == "missing" or not first["loc"] else f" (got {shown(first['input'])})"
    return CapsuleError(name, field, complaint(first) + got)


def shown(value: object) -> str:
    """``value`` as it may stand in a message: one line, not too long."""
    text = repr(value)
    return text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1] + "…"
