"""OSC 1.0 as VMC needs it, and no more: messages of strings, 32-bit integers and floats, in bundles.

Strings end with a NUL and are padded to four bytes; numbers are big-endian. A message is address, type tags (``,sf``),
arguments. A bundle is ``#bundle``, a 64-bit time tag (1: now), and per element its length and itself.
Source: opensoundcontrol.stanford.edu/spec-1_0. The decoder is strict and bounded; python-osc, which checks it in the
tests, is not used here: the sender writes floats into bytes that are there already.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

MAX_BYTES: Final = 1500
"""Of a datagram, as VMC's specification says."""

BUNDLE_HEAD: Final = b"#bundle\0" + struct.pack(">Q", 1)

_MAX_ARGUMENTS: Final = 16
_MAX_TEXT: Final = 256
_FLOAT: Final = struct.Struct(">f")
_INT: Final = struct.Struct(">i")

Argument = str | int | float


class OscError(ValueError):
    """Not OSC, or not of the kind that VMC sends: says what is wrong with what."""


class Message(NamedTuple):
    """One message."""

    address: str
    arguments: tuple[Argument, ...]


def message(address: str, *arguments: Argument) -> bytes:
    """The bytes of a message; the type of an argument is its Python type."""
    tags = "," + "".join("s" if isinstance(a, str) else "i" if isinstance(a, int) else "f" for a in arguments)
    packed = (_text(a) if isinstance(a, str) else (_INT if isinstance(a, int) else _FLOAT).pack(a) for a in arguments)
    return _text(address) + _text(tags) + b"".join(packed)


def element(content: bytes) -> bytes:
    """A message as it lies in a bundle."""
    return _INT.pack(len(content)) + content


def decode(datagram: bytes) -> list[Message]:
    """The messages of a datagram, in order. Strict: raises OscError naming what is wrong."""
    if not datagram or len(datagram) > 4 * MAX_BYTES:
        raise OscError(f"datagram: {len(datagram)} bytes, expected 1 to {4 * MAX_BYTES}")
    if len(datagram) % 4:
        raise OscError(f"datagram: {len(datagram)} bytes, expected a multiple of 4")
    if not datagram.startswith(b"#bundle\0"):
        return [_message(datagram)]
    if len(datagram) < len(BUNDLE_HEAD):
        raise OscError("bundle: cut off in its time tag")
    return [_message(content) for content in _elements(datagram[len(BUNDLE_HEAD) :])]


def _elements(content: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(content):
        (length,) = _INT.unpack_from(content, at)
        at += 4
        if length <= 0 or length % 4 or at + length > len(content):
            raise OscError(f"bundle: an element of {length} bytes, {len(content) - at} are there")
        if content.startswith(b"#bundle\0", at):
            raise OscError("bundle: a bundle inside a bundle, which VMC does not send")
        yield content[at : at + length]
        at += length


def _message(content: bytes) -> Message:
    address, at = _read_text("address", content, 0)
    if not address.startswith("/"):
        raise OscError(f"address: {address[:32]!r}, expected one that begins with /")
    tags, at = _read_text("type tags", content, at)
    if not tags.startswith(",") or len(tags) > _MAX_ARGUMENTS:
        raise OscError(f"type tags: {tags[:32]!r}, expected a comma and at most {_MAX_ARGUMENTS - 1} types")
    arguments: list[Argument] = []
    for tag in tags[1:]:
        if tag == "s":
            text, at = _read_text("string", content, at)
            arguments.append(text)
            continue
        if tag not in "if":
            raise OscError(f"type tags: {tag!r}, expected s, i or f")
        if at + 4 > len(content):
            raise OscError(f"{address[:32]!r}: cut off in an argument")
        (value,) = (_INT if tag == "i" else _FLOAT).unpack_from(content, at)
        if not math.isfinite(value):
            raise OscError(f"{address[:32]!r}: an argument is {value}, expected a finite value")
        arguments.append(value)
        at += 4
    if at != len(content):
        raise OscError(f"{address[:32]!r}: {len(content) - at} bytes follow its arguments")
    return Message(address, tuple(arguments))


def _text(text: str) -> bytes:
    raw = text.encode() + b"\0"
    return raw + b"\0" * (-len(raw) % 4)


def _read_text(what: str, content: bytes, at: int) -> tuple[str, int]:
    end = content.find(b"\0", at, at + _MAX_TEXT + 1)
    if end < 0:
        raise OscError(f"{what}: no end within {_MAX_TEXT} bytes")
    after = end + 4 - (end - at) % 4
    if after > len(content) or any(content[end:after]):
        raise OscError(f"{what}: not padded with NUL to four bytes")
    try:
        text = content[at:end].decode()
    except UnicodeDecodeError:
        raise OscError(f"{what}: {content[at : min(end, at + 32)]!r} is not UTF-8") from None
    return text, after
