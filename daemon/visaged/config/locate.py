"""Find the line of a key in TOML text. tomllib gives values without lines; errors should point at them."""

from __future__ import annotations

import re
from collections.abc import Sequence

_TABLE = re.compile(r"^\s*\[\[?\s*([^\]]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"^\s*((?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*'))*)\s*=")


def line_of(text: str, path: Sequence[str | int]) -> int | None:
    """Line (1-based) where the longest known part of ``path`` (section, key, …) is written; None when none of it is.

    Works on lines, so a key inside a multi-line string could be mistaken for a real one; an error's place is a hint.
    """
    wanted = tuple(str(part) for part in path)
    best_depth, best_line = 0, None
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        if match := _TABLE.match(line):
            table = _parts(match[1])
            found = table
        elif match := _KEY.match(line):
            found = table + _parts(match[1])
        else:
            continue
        depth = len(found)
        if depth > best_depth and wanted[:depth] == found:
            best_depth, best_line = depth, number
    return best_line


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))
