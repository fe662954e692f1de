"""Find the line of a key in TOML text. tomllib gives values without lines; errors should point at them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

_TABLE = re.compile(r"^\s*\[\[?\s*([^\]]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"^\s*((?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*'))*)\s*=")


# A key is at the beginning of its line; the patterns take their time with long ones.
_KEY_WITHIN: Final = 256


def line_of(text: str, path: Sequence[str | int]) -> int | None:
    """Line (1-based) where the longest known part of ``path`` (section, key, …) is written; None when none of it is.

    Works on lines, so a key inside a multi-line string could be mistaken for a real one; an error's place is a hint.
    """
    lines = _lines(text)
    parts = tuple(str(part) for part in path)
    return next((lines[parts[:depth]] for depth in range(len(parts), 0, -1) if parts[:depth] in lines), None)


# A file has one text and may have thousands of errors.
@lru_cache(maxsize=1)
def _lines(text: str) -> dict[tuple[str, ...], int]:
    """The first line of every table and key."""
    lines: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        if match := _TABLE.match(line[:_KEY_WITHIN]):
            table = _parts(match[1])
            lines.setdefault(table, number)
        elif match := _KEY.match(line[:_KEY_WITHIN]):
            lines.setdefault(table + _parts(match[1]), number)
    return lines


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))
