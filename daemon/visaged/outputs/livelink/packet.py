"""The Live Link Face v6 packet: one UDP datagram that holds one face. This file is its specification.

All fields are big-endian, without padding or terminators (Unreal's ``FNboSerialize``)::

    0        u8      version, 6
    1        i32     D, length of the device id in bytes
    5        D       device id, UTF-8 without control characters; Unreal keys its state by it: two faces of one box
                     need two ids
    5+D      i32     N, length of the subject name in bytes (not characters)
    9+D      N       subject name, UTF-8 without control characters
    9+D+N    i32     frame number: seconds since local midnight x rate, whole part
    13+D+N   f32     sub-frame: the rest, 0 <= s < 1
    17+D+N   i32     rate, numerator
    21+D+N   i32     rate, denominator
    25+D+N   u8      count of curves, 61; 0 when the phone sees no face, and nothing follows
    26+D+N   61 f32  the curves, in the order of ``visaged.curves.CURVES``

No numpy here: the sender's process stays small.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

VERSION: Final = 6
"""The only version that Unreal 5.4 to 5.8 accept."""

COUNT: Final = 61
"""Curves in a packet: ``curves.COUNT``, written out because ``curves`` imports numpy."""

MAX_BYTES: Final = 1286
"""Of a datagram: what Unreal receives into."""

# All but the two texts takes 270.
MAX_TEXT_BYTES: Final = MAX_BYTES - 270

_LENGTH: Final = struct.Struct(">i")
_TIME: Final = struct.Struct(">ifiiB")
_FRAME: Final = struct.Struct(">if")
_CURVES: Final = struct.Struct(f">{COUNT}f")
CURVES_BYTES: Final = _CURVES.size

_INT32_MAX: Final = 2**31 - 1

# C0, DEL and C1: no name has them, and whoever shows one would obey it.
_CONTROL: Final = re.compile("[\0-\x1f\x7f-\x9f]")
# Bytes of a refused text that the error shows.
_SHOWN_BYTES: Final = 32


class PacketError(ValueError):
    """A datagram that is not a v6 face: says which field, what it held and what is accepted."""


class NoFace(PacketError):
    """A datagram of a phone that runs and sees no face: its count is 0, and no curves follow."""

    def __init__(self, device_id: str, subject: str) -> None:
        super().__init__(f"count: 0, the sender sees no face; expected {COUNT}")
        self.device_id, self.subject = device_id, subject


@dataclass(frozen=True)
class LiveLinkPacket:
    """One face. ``curves``: 61 finite floats; ``frame`` + ``sub_frame``: scene time in frames of ``rate_hz``.

    A rate of 0 is that of another protocol, which says neither rate nor time (outputs/translate.py).
    """

    device_id: str
    subject: str
    frame: int
    sub_frame: float
    rate_hz: Fraction
    curves: tuple[float, ...]

    @property
    def scene_time_s(self) -> float:
        """Seconds since the sender's local midnight; 0 where the rate is not known."""
        return (self.frame + self.sub_frame) / float(self.rate_hz) if self.rate_hz else 0.0


class PacketWriter:
    """Packs one face over and over into the same bytes: what never changes is written once."""

    def __init__(self, device_id: str, subject: str, rate_hz: Fraction) -> None:
        """Raises PacketError when the texts are no names or too long for Unreal, or the rate does not fit."""
        for field, name in (("device id", device_id), ("subject", subject)):
            if not name:
                raise PacketError(f"{field}: empty, expected at least one character")
            _check_text(field, name)
        texts = [device_id.encode(), subject.encode()]
        if sum(map(len, texts)) > MAX_TEXT_BYTES:
            raise PacketError(f"device id and subject: {sum(map(len, texts))} bytes, at most {MAX_TEXT_BYTES} fit")
        if not 0 < rate_hz.numerator <= _INT32_MAX or rate_hz.denominator > _INT32_MAX:
            raise PacketError(f"rate: {rate_hz}, expected a positive fraction of 32-bit integers")
        head = bytes([VERSION]) + b"".join(_LENGTH.pack(len(text)) + text for text in texts)
        self.buffer = bytearray(len(head) + _TIME.size + CURVES_BYTES)
        """The datagram; changes with each ``write``."""
        self.buffer[: len(head)] = head
        self._time_at = len(head)
        self._curves_at = len(head) + _TIME.size
        _TIME.pack_into(self.buffer, self._time_at, 0, 0.0, rate_hz.numerator, rate_hz.denominator, COUNT)

    def write_time(self, frame: int, sub_frame: float) -> None:
        """Put the scene time (``SceneTime.at``) in."""
        _FRAME.pack_into(self.buffer, self._time_at, frame, sub_frame)

    def write_curves(self, curves: bytes) -> None:
        """Put the curves in: 61 big-endian float32, 244 bytes."""
        self.buffer[self._curves_at :] = curves


def pack_curves(curves: Sequence[float]) -> bytes:
    """The 61 values as they lie in a packet. Raises PacketError when there are not 61 or one is not finite."""
    if len(curves) != COUNT:
        raise PacketError(f"curves: {len(curves)} values, expected {COUNT}")
    _check_finite(curves)
    try:
        return _CURVES.pack(*curves)
    except OverflowError:
        raise PacketError("curves: a value is beyond float32") from None


def encode(packet: LiveLinkPacket) -> bytes:
    """The datagram of ``packet``. Raises PacketError naming the field that does not fit."""
    if not 0 <= packet.frame <= _INT32_MAX:
        raise PacketError(f"frame number: {packet.frame}, expected 0 to {_INT32_MAX}")
    if not 0 <= packet.sub_frame < 1:
        raise PacketError(f"sub-frame: {packet.sub_frame}, expected 0 <= s < 1")
    writer = PacketWriter(packet.device_id, packet.subject, packet.rate_hz)
    writer.write_time(packet.frame, packet.sub_frame)
    writer.write_curves(pack_curves(packet.curves))
    return bytes(writer.buffer)


def decode(datagram: bytes) -> LiveLinkPacket:
    """The face in ``datagram``. Strict: raises PacketError naming the first field that is wrong, NoFace.

    What it returns can be encoded again; what it raises is short and printable, whatever the datagram holds.
    """
    if not datagram:
        raise PacketError("version: empty datagram")
    if len(datagram) > MAX_BYTES:
        raise PacketError(f"length: over {MAX_BYTES} bytes, which Unreal would cut off")
    if datagram[0] != VERSION:
        raise PacketError(f"version: {datagram[0]}, expected {VERSION}")
    device_id, at = _read_text("device id", datagram, 1)
    subject, at = _read_text("subject", datagram, at)
    if len(datagram) < at + _TIME.size:
        raise PacketError(f"frame time: cut off, {len(datagram) - at} of {_TIME.size} bytes are there")
    frame, sub_frame, numerator, denominator, count = _TIME.unpack_from(datagram, at)
    at += _TIME.size
    if frame < 0:
        raise PacketError(f"frame number: {frame}, expected 0 or more")
    if not 0 <= sub_frame < 1:
        raise PacketError(f"sub-frame: {sub_frame}, expected 0 <= s < 1")
    if numerator <= 0 or denominator <= 0:
        raise PacketError(f"rate: {numerator}/{denominator}, expected a positive fraction")
    if count == 0:
        raise NoFace(device_id, subject)
    if count != COUNT:
        raise PacketError(f"count: {count}, expected {COUNT}")
    if len(datagram) - at != CURVES_BYTES:
        raise PacketError(f"curves: {len(datagram) - at} bytes, expected {CURVES_BYTES}")
    curves = _CURVES.unpack_from(datagram, at)
    _check_finite(curves)
    return LiveLinkPacket(device_id, subject, frame, sub_frame, Fraction(numerator, denominator), curves)


def _read_text(field: str, datagram: bytes, at: int) -> tuple[str, int]:
    if len(datagram) < at + _LENGTH.size:
        raise PacketError(f"{field} length: cut off")
    (length,) = _LENGTH.unpack_from(datagram, at)
    at += _LENGTH.size
    if not 0 < length <= MAX_TEXT_BYTES:
        raise PacketError(f"{field} length: {length}, expected 1 to {MAX_TEXT_BYTES}")
    if len(datagram) < at + length:
        raise PacketError(f"{field}: cut off, {len(datagram) - at} of {length} bytes are there")
    raw = datagram[at : at + length]
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise PacketError(f"{field}: {_shown(raw)} is not UTF-8") from None
    _check_text(field, text)
    return text, at + length


def _check_text(field: str, text: str) -> None:
    if _CONTROL.search(text):
        raise PacketError(f"{field}: {_shown(text.encode(errors='replace'))} holds control characters")


def _shown(raw: bytes) -> str:
    return f"{raw[:_SHOWN_BYTES]!r}" + ("…" if len(raw) > _SHOWN_BYTES else "")


def _check_finite(curves: Sequence[float]) -> None:
    for index, value in enumerate(curves):
        if not math.isfinite(value):
            raise PacketError(f"curves: number {index} is {value}, expected a finite value")
