"""Makes foreign text safe to show: what came over a network or in a file never reaches a terminal or a log as it is.

A terminal obeys escape sequences (title, clipboard, cursor), shows text in another order after a bidi control, and a
log takes a newline for a new entry. Everything that Python does not call printable is shown as its escape: ``\\x1b``,
``\\n``, ``\\u202e``. That covers C0 and C1 controls, all format characters, line separators and lone surrogates.
"""

from __future__ import annotations

import json
from typing import Any, Final

AT_MOST: Final = 1000
"""Characters that one piece of foreign text may take; the longest messages of our own are half as long."""

NAME: Final = 80
"""Characters for a name (a box, a subject, a device) beside other things on a line."""


def printable(text: str, at_most: int = AT_MOST) -> str:
    """``text`` on one line, without anything that a terminal obeys, at most ``at_most`` characters long."""
    if len(text) > at_most or not text.isprintable():
        # An escape is never shorter than what it stands for: what is cut off first would not be shown anyway.
        text = "".join(c if c.isprintable() else _escape(c) for c in text[: at_most + 1])
    return text if len(text) <= at_most else text[: at_most - 1] + "…"


def printable_lines(text: str, at_most: int = AT_MOST, indent: str = "") -> str:
    """The same for text whose lines are our own (a traceback, a list of faults): each line by itself."""
    return "\n".join(indent + printable(line, at_most) for line in text.split("\n"))


def printable_json(value: Any, indent: int | None = None) -> str:
    """``value`` as JSON that can be shown and copied: readable letters as they are, the rest as JSON's own escapes."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return text if text.replace("\n", "").isprintable() else json.dumps(value, indent=indent)


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
