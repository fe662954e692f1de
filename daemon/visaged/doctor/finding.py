"""What a check found: how bad, about what, and the remedy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["ok", "warn", "fail"]


@dataclass(frozen=True)
class Finding:
    """One line of ``visaged doctor``."""

    verdict: Verdict
    """ok; warn: works, but less well than it could; fail: something that was asked for does not work."""
    subject: str
    text: str
    remedy: str = ""
    """What to do about it; empty when ok."""


def ok(subject: str, text: str) -> Finding:
    """All is well."""
    return Finding("ok", subject, text)


def warn(subject: str, text: str, remedy: str) -> Finding:
    """It works, but less well than it could."""
    return Finding("warn", subject, text, remedy)


def fail(subject: str, text: str, remedy: str) -> Finding:
    """What was asked for does not work."""
    return Finding("fail", subject, text, remedy)
