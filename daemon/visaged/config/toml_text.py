"""TOML text to tables, bounded before it is worked on: a settings file is a few kB of a few levels."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, Final

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

MAX_BYTES: Final = 256 << 10
"""Every key at its longest takes less than half of this."""

# Ours are three tables deep, and a list or table in the last of them.
_MAX_DEPTH: Final = 8
_TOO_DEEP: Final = f"tables or lists nest deeper than {_MAX_DEPTH} levels"
# The longest list may hold 1024 entries.
_MAX_VALUES: Final = 4096
# The parser takes quadratic time for a key of many parts.
_MAX_DOTS: Final = 256
# What TOML promises for a number.
_INT_BITS: Final = 63


def parse(text: str) -> dict[str, Any]:
    """The tables in ``text``. Raises ValueError with a sentence about the text: "is not TOML: … (at line 3, …)"."""
    if len(text) > MAX_BYTES:
        raise ValueError(f"is over {MAX_BYTES >> 10} KiB; expected a TOML file of a few kB")
    for number, line in enumerate(text.split("\n"), 1):
        if line.count(".") > _MAX_DOTS and not line.lstrip().startswith("#"):
            raise ValueError(f"is not a settings file: line {number} has more than {_MAX_DOTS} dots")
    try:
        data: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"is not TOML: {error}") from None
    except RecursionError:
        raise ValueError(f"is not a settings file: {_TOO_DEEP}") from None
    except ValueError:
        raise ValueError("is not a settings file: it holds a number of thousands of digits") from None
    try:
        check_shape(data)
    except ValueError as error:
        raise ValueError(f"is not a settings file: {error}") from None
    return data


def check_shape(data: Mapping[str, Any]) -> None:
    """Raises ValueError when ``data`` is deeper, or holds more or larger numbers, than any settings can."""
    waiting: list[tuple[Any, int]] = [(data, 0)]
    values = 0
    while waiting:
        value, depth = waiting.pop()
        values += 1
        if values > _MAX_VALUES:
            raise ValueError(f"there are more than {_MAX_VALUES} values")
        if isinstance(value, int) and value.bit_length() > _INT_BITS:
            raise ValueError("a whole number has more than 64 bits")
        if not isinstance(value, (Mapping, list)):
            continue
        if depth == _MAX_DEPTH:
            raise ValueError(_TOO_DEEP)
        inner = value.values() if isinstance(value, Mapping) else value
        waiting.extend((below, depth + 1) for below in inner)
