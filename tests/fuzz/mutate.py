"""From good inputs to bad ones: what a flipped bit, a cut file, a typo or an attacker makes of them. Seeded."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Final

# Sizes, signs and numbers at the edges of what fits somewhere.
_NUMBERS: Final = (b"0", b"-1", b"1e400", b"1e300000000", b"NaN", b"-0.0", b"65536", b"4294967296", b"9" * 400, b"1/0")
_TEXTS: Final = (
    b"\x00",
    b"\x1b]0;t\x07",
    b"\xff\xfe",
    "\u202eabc".encode(),
    b"[" * 300,
    b'{"a":' * 120,
    b"null",
    b'"',
    b"'",
    b"\\u0000",
    b"\r\n",
    b",,,",
    b"..",
    b"../../etc/passwd",
    "é".encode(),
)
_WORDS: Final = tuple(
    value.to_bytes(4, order) for value in (0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF) for order in ("big", "little")
)
MAX_BYTES: Final = 1 << 17


def mutated(data: bytes, others: Sequence[bytes], random_: random.Random) -> bytes:
    """``data`` after one to six changes; ``others``: to splice from."""
    for _ in range(random_.randint(1, 6)):
        data = random_.choice(_CHANGES)(data, others, random_)
    return data[:MAX_BYTES]


def _at(data: bytes, random_: random.Random) -> int:
    return random_.randint(0, len(data))


def _flip(data: bytes, others: Sequence[bytes], random_: random.Random) -> bytes:
    if not data:
        return data
    at = random_.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << random_.randrange(8)]) + data[at + 1 :]


def _set(data: bytes, others: Sequence[bytes], random_: random.Random) -> bytes:
    at = _at(data, random_)
    return data[:at] + bytes([random_.randrange(256)]) + data[at + 1 :]


def _word(data: bytes, others: Sequence[bytes], random_: random.Random) -> bytes:
    at = _at(data, random_)
    return data[:at] + random_.choice(_WORDS) + data[at + 4 :]


def _insert(data: bytes, others: Sequence[bytes], random_: random.Random) -> bytes:
    at = _at(data, random_)
    return data[:at] + random_.choice(_NUMBERS + _TEXTS) + data[at:]


def _cut(data: bytes, others: Sequence[bytes], random_: random.Random) -> bytes:
    return data[: _at(data, random_)]


def _delete(data: bytes, others: Sequence[bytes], random_: random.Random) -> bytes:
    at = _at(data, random_)
    return data[:at] + data[at + random_.randint(1, 16) :]


def _repeat(data: bytes, others: Sequence[bytes], random_: random.Random) -> bytes:
    start = _at(data, random_)
    piece = data[start : start + random_.randint(1, 64)]
    return data[:start] + piece * random_.choice((2, 3, 40)) + data[start:]


def _splice(data: bytes, others: Sequence[bytes], random_: random.Random) -> bytes:
    other = random_.choice(others)
    return data[: _at(data, random_)] + other[_at(other, random_) :]


def _number(data: bytes, others: Sequence[bytes], random_: random.Random) -> bytes:
    """Another number in the place of one that is there."""
    digits = [at for at, byte in enumerate(data) if chr(byte).isdigit()]
    if not digits:
        return data
    start = end = random_.choice(digits)
    while end < len(data) and chr(data[end]).isdigit():
        end += 1
    return data[:start] + random_.choice(_NUMBERS) + data[end:]


_CHANGES: Final[tuple[Callable[[bytes, Sequence[bytes], random.Random], bytes], ...]] = (
    _flip,
    _set,
    _word,
    _insert,
    _cut,
    _delete,
    _repeat,
    _splice,
    _number,
)
