"""WAV that arrives bit by bit, as mono 48 kHz, each piece as soon as it is there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np

from visaged.audio.channels.watch import WARNING as CANCEL
from visaged.audio.convert import MonoConverter
from visaged.audio.decoders.byte_source import ByteSource
from visaged.audio.decoders.decoder import RATES_HZ, Notes
from visaged.audio.decoders.scale import FloatScale, NoScale, described
from visaged.audio.decoders.wav.chunks import FLOAT, RIFF, NotWav, WavFormat, walk
from visaged.audio.decoders.wav.samples import WavSamples, is_plain
from visaged.audio.errors import FileUnusable
from visaged.audio.ring import Sound
from visaged.config.sound import MAX_CHANNELS
from visaged.file_kind import HEAD_BYTES, kind_of

_CHUNK: Final = 4096
_RIFF_BYTES: Final = 12
_REMEDY: Final = "Put 'ffmpeg -i - -f wav -' before visaged in the pipe, or give a file."


class WavStream:
    """One row of WAVs; what is odd about them is in ``notices`` at the end."""

    def __init__(self, read: Callable[[int], bytes], name: str) -> None:
        """``read(n)``: up to n bytes, b"" at the end. ``name`` is what to call it."""
        self._source, self._name = ByteSource(read), name
        self._notes = Notes()

    @property
    def notices(self) -> list[str]:
        """Sentences that name the stream."""
        cut = ["it is cut off: there is less in it than its header says"] if self._notes.truncated else []
        return [f"{self._name}: {sentence}" for sentence in (*cut, *self._notes.said)]

    def sounds(self) -> Iterator[Sound]:
        """Float32 [n], one after the other. Raises FileUnusable: what comes is no WAV of plain samples."""
        self._check_head()
        part: _Part | None = None
        try:
            for piece in walk(self._source, self._notes):
                if part is None or piece.format != part.format:
                    if part is not None:
                        yield part.rest()
                    part = self._begin(piece.format)
                yield from part.convert(piece.data)
        except NotWav as error:
            raise FileUnusable(f"{self._name} cannot be read: {error}", _REMEDY) from None
        except NoScale as error:
            raise FileUnusable(f"{self._name} has {error}", "Write it with full scale at 1.") from None
        if part is not None:
            yield part.rest()

    def _check_head(self) -> None:
        head = self._source.peek(_RIFF_BYTES)
        if not head:
            raise FileUnusable(f"{self._name} has ended without a sound", "Pipe a sound into it.")
        if head.startswith(RIFF):
            return
        # What more has come by now tells, but is not waited for.
        more = self._source.read(_RIFF_BYTES) + self._source.read_some(HEAD_BYTES - _RIFF_BYTES)
        kind = kind_of(more)
        what = f"it is {kind.name}" if kind else "it does not begin as a WAV"
        raise FileUnusable(
            f"{self._name} cannot be played: {what}, and what is played live from a pipe is WAV", _REMEDY
        )

    def _begin(self, form: WavFormat) -> _Part:
        wrong = None
        if not is_plain(form):
            wrong = f"samples of codec {form.tag:#x}"
        elif form.rate_hz not in RATES_HZ:
            wrong = f"a rate of {form.rate_hz} Hz"
        elif form.channels > MAX_CHANNELS:
            wrong = f"{form.channels} channels"
        if wrong:
            raise FileUnusable(f"{self._name} has {wrong}", _REMEDY)
        return _Part(form, self._notes)


class _Part:
    """Sound of one form."""

    def __init__(self, form: WavFormat, notes: Notes) -> None:
        self.format = form
        self._notes = notes
        self._samples = WavSamples(form, _CHUNK)
        self._converter = MonoConverter(form.rate_hz, form.channels, _CHUNK, 0.0, live=False)
        self._scale = FloatScale() if form.tag == FLOAT else None
        self._kept = b""

    def convert(self, data: bytes) -> Iterator[Sound]:
        """What is ready of it."""
        data = self._kept + data
        whole = len(data) - len(data) % self.format.frame_bytes
        self._kept = data[whole:]
        for at in range(0, whole, _CHUNK * self.format.frame_bytes):
            frames = self._samples.decode(data[at : min(at + _CHUNK * self.format.frame_bytes, whole)])
            if self._scale is not None:
                frames = self._scale.apply(frames)
                if self._scale.scale != 1:
                    self._notes.say(described(self._scale.scale))
            yield self._converter.convert(frames).copy()
        if self._converter.channels.cancel:
            self._notes.say(CANCEL)

    def rest(self) -> Sound:
        """What the resampler held back."""
        empty = np.zeros((0, self.format.channels), np.float32)
        held_back: Sound = self._converter.convert(empty, last=True).copy()
        return held_back
