"""Change keys in TOML text and leave everything else, comments above all, as the installer wrote it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any, Final

from visaged.config.default import data_to_toml, value_to_toml

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Path = tuple[str, ...]

_TABLE: Final = re.compile(r"^\s*\[\s*([A-Za-z0-9_.\s-]+?)\s*\]\s*(#.*)?$")
_KEY: Final = re.compile(r"^(\s*)([A-Za-z0-9_-]+)\s*=\s*")
# The comment at the end of a line whose value holds no '#' of its own.
_COMMENT: Final = re.compile(r"\s*#[^\"'#]*$")


def edit(text: str, changes: Mapping[str, Any]) -> str:
    """``text`` with ``changes`` (tables of keys; None takes a key out) made.

    Lines are edited in place and the result is read back: where the file is written in a way that a line cannot be
    edited (dotted keys, values over several lines), it is written anew, without its comments.
    """
    wanted = _merged(tomllib.loads(text), changes)
    edited = text
    for path, value in _leaves(changes):
        edited = _edit_one(edited, path, value)
    try:
        if _without_empty(tomllib.loads(edited)) == _without_empty(wanted):
            return edited
    except tomllib.TOMLDecodeError:
        pass  # the edit broke it: what follows does not
    return data_to_toml(wanted)


def _edit_one(text: str, path: Path, value: Any) -> str:
    # Not splitlines(): that would cut strings at separators which are no ends of lines to TOML.
    lines = text.removesuffix("\n").split("\n") if text else []
    table: Path = ()
    last_of_table: int | None = None
    for number, line in enumerate(lines):
        if match := _TABLE.match(line):
            table = tuple(part.strip() for part in match[1].split("."))
        if table != path[:-1]:
            continue
        if (match := _KEY.match(line)) and match[2] == path[-1]:
            if value is None:
                del lines[number]
            else:
                comment = _COMMENT.search(line)
                lines[number] = f"{match[1]}{path[-1]} = {value_to_toml(value)}{comment[0] if comment else ''}"
            return "\n".join(lines) + "\n"
        if line.strip():
            last_of_table = number
    if value is None:
        return text
    new = f"{path[-1]} = {value_to_toml(value)}"
    if last_of_table is not None:
        lines.insert(last_of_table + 1, new)
    else:
        lines += ["", f"[{'.'.join(path[:-1])}]", new] if lines else [f"[{'.'.join(path[:-1])}]", new]
    return "\n".join(lines) + "\n"


def _leaves(changes: Mapping[str, Any], above: Path = ()) -> Iterator[tuple[Path, Any]]:
    for key, value in changes.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, (*above, key))
        else:
            yield (*above, key), value


def _merged(data: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(data)
    for key, value in changes.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, Mapping):
            below = result.get(key)
            result[key] = _merged(below if isinstance(below, dict) else {}, value)
        else:
            result[key] = value
    return result


def _without_empty(data: Mapping[str, Any]) -> dict[str, Any]:
    """Tables without keys mean nothing in settings."""
    return {
        key: _without_empty(value) if isinstance(value, dict) else value
        for key, value in data.items()
        if not isinstance(value, dict) or _without_empty(value)
    }
