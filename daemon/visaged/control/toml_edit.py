"""Change keys in TOML text and leave everything else, comments above all, as the installer wrote it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from tomlkit import TOMLDocument
    from tomlkit.container import Container

MAX_CHARS: Final = 1 << 17
"""Of a text that is edited: a settings file with every comment is 7,000, and tomlkit takes 5 ms for each thousand."""


class EditError(ValueError):
    """A change that TOML cannot hold. ``path``: its key (``livelink.targets.0``); "" when the whole text is meant."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}" if path else problem)
        self.path = path
        self.problem = problem


def edit(text: str, changes: Mapping[str, Any], check: Callable[[dict[str, Any]], object] = lambda wanted: None) -> str:
    """``text`` with ``changes`` (tables of keys; None takes a key out) made; what it gives is TOML and says just that.

    What tomlkit cannot change in place is written anew, without comments. ``check`` raises for what must not be said at
    all, before tomlkit works on it: 0.3 ms for each entry of a list. Raises tomllib.TOMLDecodeError (``text`` is no
    TOML) and EditError.
    """
    # Imported when first needed: neither the way to the face nor a box that is never told anything pays for it.
    from tomlkit import dumps, parse  # noqa: PLC0415
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415

    if len(text) > MAX_CHARS:
        raise EditError("", f"the settings file is over {MAX_CHARS} characters: too long to be edited")
    _refuse_null_in_lists(changes, "")
    wanted = _merged(tomllib.loads(text), changes)
    check(wanted)
    try:
        document = parse(text)
        _change(document, changes)
        edited = dumps(document)
        if _means(edited, wanted):
            return edited
    except (TOMLKitError, ValueError, LookupError, TypeError, AttributeError, AssertionError):
        pass  # a text that is beyond tomlkit; or its tree broke at the edit
    edited = dumps(wanted)
    if not _means(edited, wanted):
        raise EditError("", "the change cannot be written as TOML")
    return edited


def _change(table: Any, changes: Mapping[str, Any]) -> None:
    """Make ``changes`` in a document or a table of tomlkit's."""
    import tomlkit  # noqa: PLC0415
    from tomlkit.items import InlineTable  # noqa: PLC0415

    for key, value in changes.items():
        there = table.get(key)
        if value is None:
            if key in table:
                del table[key]
        elif isinstance(value, Mapping):
            if not _sets_something(value) and not isinstance(there, Mapping):
                continue
            if not isinstance(there, Mapping):
                table[key] = tomlkit.inline_table() if isinstance(table, InlineTable) else tomlkit.table()
            _change(table[key], value)
        elif key in table:
            table[key] = value
        else:
            _add(table, key, value)


def _add(table: Any, key: str, value: Any) -> None:
    """A new key: behind those of its table rather than behind the comment above the next table, which tomlkit takes
    for a part of this one."""
    from tomlkit.items import Table  # noqa: PLC0415

    if isinstance(table, Table):
        container: Container = table.value
        place = _end_of_keys(container)
        if place < len(container.body):
            # No public way in leads to a place of one's choice.
            container._insert_at(place, key, value)
            return
    table[key] = value


def _end_of_keys(container: TOMLDocument | Container) -> int:
    from tomlkit.items import AoT, Table, Whitespace  # noqa: PLC0415

    body = container.body
    tables = [at for at, (_, item) in enumerate(body) if isinstance(item, Table | AoT)]
    keys = [at for at, (key, item) in enumerate(body) if key is not None and not isinstance(item, Table | AoT)]
    if keys:
        return keys[-1] + 1
    end = tables[0] if tables else len(body)
    blank = [at for at, (_, item) in enumerate(body[:end]) if isinstance(item, Whitespace)]
    return blank[-1] if blank else end


def _means(text: str, wanted: Mapping[str, Any]) -> bool:
    try:
        return _without_empty(tomllib.loads(text)) == _without_empty(wanted)
    except tomllib.TOMLDecodeError:
        return False


def _refuse_null_in_lists(value: Any, path: str) -> None:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            _refuse_null_in_lists(inner, f"{path}.{key}".lstrip("."))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for at, inner in enumerate(value):
            if inner is None:
                raise EditError(f"{path}.{at}", "null is no value of a list; leave it out")
            _refuse_null_in_lists(inner, f"{path}.{at}")


def _sets_something(changes: Mapping[str, Any]) -> bool:
    return any(
        _sets_something(value) if isinstance(value, Mapping) else value is not None for value in changes.values()
    )


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
