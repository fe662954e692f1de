"""WAV files, read by ourselves: libsndfile believes headers, and many headers are wrong."""

from __future__ import annotations

from typing import BinaryIO, Final

import numpy as np

from visaged.audio.decoders.byte_source import ByteSource, of_file
from visaged.audio.decoders.decoder import NoSound, Notes, SoundForm
from visaged.audio.decoders.scale import described, peak_of, scale_of
from visaged.audio.decoders.wav.chunks import FLOAT, Piece, walk
from visaged.audio.decoders.wav.samples import WavSamples, is_plain, name_of
from visaged.audio.pcm import Frames

_MAX_FRAMES: Final = 4096
# Loudness changes within a song, but not from minute to minute by 80 dB: enough to see at which scale floats are.
_SCALE_BYTES: Final = 64 << 20


class NotPlain(ValueError):
    """A WAV, but its sound is in a codec."""


class WavDecoder:
    """A file of plain samples."""

    def __init__(self, file: BinaryIO) -> None:
        """Looks through the headers. Takes ``file``. Raises NotWav, NotPlain, NoSound, NoScale, OSError."""
        self.notes = Notes()
        self._file = file
        pieces = _merged(of_file(file), self.notes)
        if not pieces:
            raise NoSound
        self._format = pieces[0].format
        if not is_plain(self._format):
            raise NotPlain(f"its samples are of codec {self._format.tag:#x}")
        self._spans = self._alike(pieces)
        frames = sum(length for _, length in self._spans) // self._format.frame_bytes
        many = f", {len(self._spans)} parts" if len(self._spans) > 1 else ""
        self.form = SoundForm(self._format.rate_hz, self._format.channels, frames, f"WAV {name_of(self._format)}{many}")
        self._samples = WavSamples(self._format, _MAX_FRAMES)
        self._scale = 1.0
        self._span = self._read = 0
        if self._format.tag == FLOAT:
            self._scale = scale_of(self._peak())
            if self._scale != 1:
                self.notes.say(described(self._scale))

    def read(self, out: Frames) -> int:
        """See Decoder."""
        count = 0
        while count < len(out) and self._span < len(self._spans):
            start, length = self._spans[self._span]
            wanted = min(len(out) - count, _MAX_FRAMES) * self._format.frame_bytes
            self._file.seek(start + self._read)
            data = self._file.read(min(wanted, length - self._read))
            whole = len(data) // self._format.frame_bytes
            self._read += len(data)
            if not whole or self._read >= length:
                self._span, self._read = self._span + 1, 0
            frames = self._samples.decode(data[: whole * self._format.frame_bytes])
            out[count : count + whole] = frames if self._scale == 1 else frames * np.float32(self._scale)
            count += whole
        return count

    def rewind(self) -> None:
        """See Decoder."""
        self._span = self._read = 0

    def close(self) -> None:
        """See Decoder."""
        self._file.close()

    def _alike(self, pieces: list[Piece]) -> list[tuple[int, int]]:
        """Where the sound of the first form lies, up to where another begins."""
        spans: list[tuple[int, int]] = []
        for piece in pieces:
            if piece.format != self._format:
                self.notes.say(f"a WAV of another form follows ({piece.format}) and is left out")
                break
            spans.append((piece.at, piece.length - piece.length % self._format.frame_bytes))
        return spans

    def _peak(self) -> float:
        frames = np.zeros((_MAX_FRAMES, self._format.channels), np.float32)
        peak, seen = 0.0, 0
        while seen < _SCALE_BYTES and (count := self.read(frames)):
            peak = max(peak, peak_of(frames[:count]))
            seen += count * self._format.frame_bytes
        self.rewind()
        return peak


def _merged(source: ByteSource, notes: Notes) -> list[Piece]:
    """The pieces, those that lie side by side as one."""
    merged: list[Piece] = []
    for piece in walk(source, notes, skim=True):
        last = merged[-1] if merged else None
        if last is not None and last.format == piece.format and last.at + last.length == piece.at:
            merged[-1] = last._replace(length=last.length + piece.length)
        else:
            merged.append(piece._replace(data=b""))
    return merged
