"""Codec frames on the wire: what one datagram or MQTT message holds. This file is their specification.

One frame is 80 ms of voice: ``codebooks`` indices of 11 bits, the most significant bit first, filled up with zero bits
to whole bytes (8 codebooks: 88 bits, 11 bytes). Big-endian, without padding::

    0     u8     version, 1
    1     u8     codebooks, 1 to 32
    2     u16    flags; bits that are not named here are 0 when sent and ignored when received
    4     u32    sequence of the first frame
    8     u32    stream id
    12    n frames, each of ceil(codebooks x 11 / 8) bytes

**Sequence** is time: it grows by one every 80 ms of the stream, whether the frame is sent or not, and goes on at 0
after 2^32 - 1. So a pause is told from a loss, and the sender's clock can be compared with ours. **Stream id**: any
number, a new one each time a sender starts.

**Flags**: ``SPEECH``: somebody speaks in these frames. A message without it says that there is silence from its
sequence on; it may hold frames of that silence, or none. ``RESET``: the encoder began afresh with the first of these
frames, so a decoder does, too. ``CUT``: the sender of this message no longer plays the answer that it was hearing: its
guest has talked over it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

import numpy as np

from visaged.codec.frame_codec import CODEBOOK_SIZE, Codes

VERSION: Final = 1
SPEECH: Final = 1
RESET: Final = 2
CUT: Final = 4
MAX_CODEBOOKS: Final = 32
"""Mimi has no more."""
# Two seconds: more cannot be of use to a conversation. With 32 codebooks it still fits a datagram on any network.
MAX_FRAMES: Final = 25
BITS: Final = CODEBOOK_SIZE.bit_length() - 1
SEQUENCES: Final = 1 << 32
"""Sequences are counted modulo this."""

HEADER: Final = struct.Struct(">BBHII")
# What one bit of an index is worth, the most significant first.
_WEIGHTS: Final = (1 << np.arange(BITS - 1, -1, -1)).astype(np.uint16)


class FrameError(ValueError):
    """Not a message of codec frames: says which field, what it held and what is accepted."""


@dataclass(frozen=True, eq=False)
class CodecMessage:
    """One message. ``codes``: uint16 [n, codebooks], each index below 2048; n may be 0."""

    stream_id: int
    sequence: int
    codes: Codes
    speech: bool = True
    reset: bool = False
    cut: bool = False

    @property
    def codebooks(self) -> int:
        """Indices per frame."""
        return int(self.codes.shape[1])


def frame_bytes(codebooks: int) -> int:
    """Length of one frame: 11 for 8 codebooks."""
    return -(-codebooks * BITS // 8)


def encode(message: CodecMessage, max_frames: int = MAX_FRAMES) -> bytes:
    """The bytes of ``message``. Raises FrameError for a value that the wire cannot carry."""
    count, codebooks = message.codes.shape
    _check("codebooks", codebooks, 1, MAX_CODEBOOKS)
    _check("frames", count, 0, max_frames)
    _check("sequence", message.sequence, 0, SEQUENCES - 1)
    _check("stream id", message.stream_id, 0, SEQUENCES - 1)
    if count:
        _check("index", int(message.codes.max()), 0, CODEBOOK_SIZE - 1)
    flags = SPEECH * message.speech | RESET * message.reset | CUT * message.cut
    bits = (message.codes[:, :, None] & _WEIGHTS) != 0
    packed = np.packbits(bits.reshape(count, codebooks * BITS), axis=1)
    return HEADER.pack(VERSION, codebooks, flags, message.sequence, message.stream_id) + packed.tobytes()


def decode(data: bytes, max_frames: int = MAX_FRAMES) -> CodecMessage:
    """The message that ``data`` holds. Raises FrameError for anything else."""
    if len(data) < HEADER.size:
        raise FrameError(f"length: {len(data)} bytes, expected at least {HEADER.size}")
    version, codebooks, flags, sequence, stream_id = HEADER.unpack_from(data)
    _check("version", version, VERSION, VERSION)
    _check("codebooks", codebooks, 1, MAX_CODEBOOKS)
    each = frame_bytes(codebooks)
    count, rest = divmod(len(data) - HEADER.size, each)
    if rest:
        raise FrameError(f"length: {len(data)} bytes, expected {HEADER.size} and a multiple of {each}")
    _check("frames", count, 0, max_frames)
    bits = np.unpackbits(np.frombuffer(data, np.uint8, offset=HEADER.size).reshape(count, each), axis=1)
    used = codebooks * BITS
    if bits[:, used:].any():
        raise FrameError(f"frame: the {each * 8 - used} bits behind the last index are not all zero")
    codes = bits[:, :used].reshape(count, codebooks, BITS) @ _WEIGHTS
    speech, reset, cut = (bool(flags & flag) for flag in (SPEECH, RESET, CUT))
    return CodecMessage(stream_id, sequence, codes.astype(np.uint16), speech, reset, cut)


def _check(field: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        accepted = str(low) if low == high else f"{low} to {high}"
        raise FrameError(f"{field}: {value}, accepted: {accepted}")
