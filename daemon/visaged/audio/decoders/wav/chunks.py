"""WAV, as specified and as it is found: what is sound in a row of bytes, and in which form.

Who writes to a pipe does not know the length: the size is 0 then, or the largest number that somebody thought of, and
the sound goes on to the end. Who joins files by their bytes leaves headers in the middle. So there may be several
chunks of sound, and several files; all of them are sound.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from visaged.audio.decoders.byte_source import ByteSource
from visaged.audio.decoders.decoder import Notes

PCM: Final = 1
FLOAT: Final = 3
_EXTENSIBLE: Final = 0xFFFE

_CHUNK: Final = struct.Struct("<4sI")
_FORMAT: Final = struct.Struct("<HHIIHH")
RIFF: Final = (b"RIFF", b"RF64", b"BW64")
"""What a WAV begins with, behind which comes its length."""
# Where an extensible format has the tag that it stands for.
_SUBFORMAT_AT: Final = 24
_PIECE_BYTES: Final = 1 << 16
# Longer than any format chunk that is one.
_LONGEST_FORMAT: Final = 1 << 10


class NotWav(ValueError):
    """The bytes are no WAV; says why."""


@dataclass(frozen=True)
class WavFormat:
    """How samples lie in the sound."""

    tag: int
    """PCM, FLOAT, or a codec."""
    channels: int
    rate_hz: int
    sample_bytes: int

    @property
    def frame_bytes(self) -> int:
        """One sample of each channel."""
        return self.channels * self.sample_bytes

    def __str__(self) -> str:
        return f"{self.rate_hz} Hz, {self.channels} channel{'s' if self.channels > 1 else ''}"


class Piece(NamedTuple):
    """Sound in a row."""

    format: WavFormat
    at: int
    """Number of its first byte."""
    length: int
    """In bytes."""
    data: bytes
    """Empty when it was only skimmed."""


def is_placeholder(size: int) -> bool:
    """Whether a size means "not known": 0, round numbers of gigabytes, and what lies at the ends of 31 and 32 bits."""
    return size == 0 or size >= 0x7FFF_0000 or (size >= 10**9 and size % 10**8 == 0)


def walk(source: ByteSource, notes: Notes, *, skim: bool = False) -> Iterator[Piece]:
    """All sound in a row of bytes. ``skim``: only where it lies, as far as headers tell.

    Raises NotWav when the beginning is none.
    """
    if not _enters_riff(source):
        raise NotWav("it does not begin as a WAV")
    form: WavFormat | None = None
    long_size: int | None = None
    while len(head := source.read(_CHUNK.size)) == _CHUNK.size:
        name, size = _CHUNK.unpack(head)
        if name in RIFF:
            source.unread(head)
            if not _enters_riff(source):
                notes.say(f"{_much(source)} behind its sound are not understood and left out")
                return
        elif name == b"fmt ":
            form = _read_format(source, size)
        elif name == b"ds64":
            fields = source.read(min(size, _LONGEST_FORMAT))
            long_size = struct.unpack_from("<Q", fields, 8)[0] if len(fields) >= 16 else None
            source.skip(size - len(fields))
        elif name == b"data":
            if form is None:
                raise NotWav("its sound comes before its format")
            yield from _sound(source, form, _claimed(size, long_size), notes, skim=skim)
        elif _is_name(name):
            source.skip(size + size % 2)
        else:
            source.unread(head)
            notes.say(f"{_much(source)} behind its sound are not understood and left out")
            return
    if form is None:
        raise NotWav("it has no format")


def _sound(source: ByteSource, form: WavFormat, size: int, notes: Notes, *, skim: bool) -> Iterator[Piece]:
    left = source.left
    if is_placeholder(size) and (left is None or size == 0 or size > left):
        if size or not _is_chunk(source):
            yield from _up_to_header(source, form)
        return
    there = 0
    while there < size:
        at = source.at
        data = b"" if skim else source.read_some(min(_PIECE_BYTES, size - there))
        length = source.skip(size - there) if skim else len(data)
        if not length:
            break
        there += length
        yield Piece(form, at, length, data)
    notes.truncated = notes.truncated or there < size
    # A byte of padding; some leave it out.
    if size % 2 and source.peek(1) == b"\0":
        source.skip(1)


def _up_to_header(source: ByteSource, form: WavFormat) -> Iterator[Piece]:
    """Sound of unknown length: to the end, or to where another WAV begins."""
    kept = b""
    while True:
        more = source.read_some(_PIECE_BYTES)
        data, at = kept + more, source.at - len(kept) - len(more)
        header = _find_header(data)
        if header >= 0:
            source.unread(data[header:])
            data = data[:header]
        # A header may lie across two pieces, so the end of one is held back.
        hold = 0 if header >= 0 or not more else min(len(data), 11)
        kept, data = data[len(data) - hold :], data[: len(data) - hold]
        if data:
            yield Piece(form, at, len(data), data)
        if header >= 0 or not more:
            return


def _find_header(data: bytes) -> int:
    at = data.find(b"RIFF")
    while at >= 0 and data[at + 8 : at + 12] != b"WAVE":
        at = data.find(b"RIFF", at + 1)
    return at


def _enters_riff(source: ByteSource) -> bool:
    head = source.read(12)
    return head[:4] in RIFF and head[8:] == b"WAVE"


def _claimed(size: int, long_size: int | None) -> int:
    """RF64 has its sizes in a chunk of their own."""
    return long_size if size == 0xFFFF_FFFF and long_size is not None else size


def _read_format(source: ByteSource, size: int) -> WavFormat:
    fields = source.read(min(size, _LONGEST_FORMAT))
    if len(fields) < _FORMAT.size or len(fields) < size:
        raise NotWav("its format is cut off")
    source.skip(size % 2)
    tag, channels, rate_hz, _, frame_bytes, bits = _FORMAT.unpack_from(fields)
    if tag == _EXTENSIBLE and len(fields) >= _SUBFORMAT_AT + 2:
        (tag,) = struct.unpack_from("<H", fields, _SUBFORMAT_AT)
    sample_bytes = -(-bits // 8)
    # 24 bits may lie in words of 32.
    if channels and frame_bytes == channels * 4 and sample_bytes == 3:
        sample_bytes = 4
    return WavFormat(tag, channels, rate_hz, sample_bytes)


def _is_chunk(source: ByteSource) -> bool:
    """Whether another chunk follows here, or nothing at all."""
    head = source.peek(_CHUNK.size)
    if len(head) < _CHUNK.size:
        return not head
    name, size = _CHUNK.unpack(head)
    left = source.left
    return _is_name(name) and (size + _CHUNK.size <= left if left is not None else size < _PIECE_BYTES)


def _is_name(name: bytes) -> bool:
    return all(0x20 <= byte < 0x7F for byte in name)


def _much(source: ByteSource) -> str:
    return f"{source.left} bytes" if source.left is not None else "bytes"
