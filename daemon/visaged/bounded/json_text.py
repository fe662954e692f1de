"""JSON from outside: depth, number and length are checked before any of it becomes a value.

A parser converts while it reads: when it finds fault, it has built the hundred levels, the number of a thousand digits
and the second key of the same name already, and it can seldom say where. This looks at the tokens only and knows the
place of each; what it lets pass is for a parser, which checks the grammar between the tokens.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from typing import Final

from visaged.printable import NAME, printable

_TOKEN: Final = re.compile(rb'[ \t\r\n]*(?:([\[\]{}:,])|("[^"\\]*(?:\\.[^"\\]*)*")|([^\s\[\]{}:,"]+))', re.DOTALL)
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?P<broken>\.[0-9]+)?(?P<exponent>[eE][-+]?[0-9]+)?")
_WORDS: Final = ("true", "false", "null")
_KEY: Final = re.compile(r"[ -~]+")
# C0, DEL and C1, and halves of characters: nothing that a box is told is written with them.
_CONTROL: Final = re.compile("[\0-\x1f\x7f-\x9f\ud800-\udfff]")
_INT64: Final = 1 << 63


@dataclass(frozen=True)
class JsonBounds:
    """What is accepted. The defaults are for requests: the settings of a whole box fit three times."""

    depth: int = 8
    """Objects and lists inside each other, the outermost counted."""
    values: int = 2048
    """Values of every kind together."""
    key_chars: int = 64
    text_chars: int = 4096
    number_chars: int = 40
    """A float written out to its last bit is shorter."""


class JsonError(ValueError):
    """Not JSON, or beyond the bounds. ``path``: the place (``settings.livelink.targets.0``); "": the whole."""

    def __init__(self, path: str, problem: str, *, is_json: bool = True) -> None:
        super().__init__(f"{path}: {problem}" if path else problem)
        self.path = path
        self.problem = problem
        """To follow the name of the place: what it is, and what is accepted."""
        self.is_json = is_json
        """Whether a more patient reader could read it."""


def check_json(data: bytes, bounds: JsonBounds) -> None:
    """Raises JsonError naming the first place that is out of ``bounds``. Takes time by the bounds, not by ``data``."""
    scan = _Scan(bounds)
    position = 0
    end = len(data.rstrip(b" \t\r\n"))
    while position < end:
        token = _TOKEN.match(data, position)
        if token is None:
            raise scan.malformed(f"what begins at byte {position} is not JSON")
        position = token.end()
        scan.take(token[1], token[2], token[3])


@dataclass
class _Level:
    """An object or a list that is not at its end yet."""

    is_object: bool
    keys: set[str] = field(default_factory=set)
    key: str | None = None
    """The member that is being read; None while its key is still to come."""
    index: int = 0


class _Scan:
    """Where the scan stands, and what it has seen."""

    def __init__(self, bounds: JsonBounds) -> None:
        self._bounds = bounds
        self._levels: list[_Level] = []
        self._values = 0
        self._between = False

    def take(self, mark: bytes | None, text: bytes | None, word: bytes | None) -> None:
        """One token: a bracket, colon or comma; a string with its quotes; or anything else."""
        level = self._levels[-1] if self._levels else None
        if mark is not None:
            # Two in a row are never JSON, and the only tokens that come without a value that counts.
            if self._between and mark in b",:":
                raise self.malformed(f"a '{mark.decode()}' too many")
            self._between = mark in b",:"
            self._mark(mark, level)
            return
        self._between = False
        if text is not None and level is not None and level.is_object and level.key is None:
            self._key(level, self._text(text))
        else:
            self._value()
            if text is not None:
                if found := _CONTROL.search(self._text(text)):
                    shown = f"U+{ord(found[0]):04X}"
                    raise JsonError(self._path(), f"holds the control character {shown}; none is accepted")
            else:
                self._word(word or b"")

    def malformed(self, problem: str) -> JsonError:
        """Not JSON, here."""
        return JsonError(self._path(), problem, is_json=False)

    def _mark(self, mark: bytes, level: _Level | None) -> None:
        if mark in b"[{":
            self._value()
            if len(self._levels) == self._bounds.depth:
                raise JsonError(self._path(), f"is deeper than the accepted {self._bounds.depth} levels")
            self._levels.append(_Level(mark == b"{"))
        elif mark in b"]}":
            if level is None:
                raise self.malformed(f"a '{mark.decode()}' too many")
            self._levels.pop()
        elif mark == b"," and level is not None:
            level.key = None
            level.index += 1

    def _value(self) -> None:
        self._values += 1
        if self._values > self._bounds.values:
            raise self._too_many()

    def _key(self, level: _Level, key: str) -> None:
        path = self._path(printable(key, NAME))
        if not _KEY.fullmatch(key) or len(key) > self._bounds.key_chars:
            problem = f"is no key; accepted are 1 to {self._bounds.key_chars} printable ASCII characters"
            raise JsonError(path, problem)
        if key in level.keys:
            raise JsonError(path, "is there twice")
        if len(level.keys) == self._bounds.values:
            raise self._too_many()
        level.keys.add(key)
        level.key = key

    def _text(self, token: bytes) -> str:
        if len(token) > 6 * self._bounds.text_chars + 2:
            raise JsonError(self._path(), f"is longer than the accepted {self._bounds.text_chars} characters")
        try:
            text = token[1:-1].decode() if b"\\" not in token else str(json.loads(token.decode()))
        except UnicodeDecodeError:
            raise self.malformed("is not UTF-8") from None
        except ValueError as error:
            raise self.malformed(f"is a string that is not JSON: {error}") from None
        if len(text) > self._bounds.text_chars:
            raise JsonError(self._path(), f"is longer than the accepted {self._bounds.text_chars} characters")
        return text

    def _word(self, token: bytes) -> None:
        word = token[: self._bounds.number_chars + 1].decode("ascii", "replace")
        if word in _WORDS:
            return
        number = _NUMBER.fullmatch(word)
        if len(token) > self._bounds.number_chars and _NUMBER.match(word):
            raise JsonError(self._path(), f"is a number of over {self._bounds.number_chars} characters")
        if number is None:
            raise self.malformed(f"{printable(word, NAME)} is not JSON")
        if number["broken"] is None and number["exponent"] is None:
            if not -_INT64 <= int(word) < _INT64:
                raise JsonError(self._path(), f"{word} is beyond 64-bit integers")
        elif math.isinf(float(word)):
            raise JsonError(self._path(), f"{word} is beyond the numbers that a 64-bit float holds")

    def _too_many(self) -> JsonError:
        return JsonError("", f"holds more than the accepted {self._bounds.values} values")

    def _path(self, last: str | None = None) -> str:
        parts = [level.key if level.is_object else str(level.index) for level in self._levels]
        if last is not None:
            parts[-1] = last
        return ".".join(part for part in parts if part is not None)
