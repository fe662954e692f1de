"""A sound file of any rate and channel count as one run of mono 48 kHz samples. Live input and render both read it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np

from visaged.audio.channels.choice import used_channels
from visaged.audio.channels.watch import WARNING as CANCEL
from visaged.audio.convert import MonoConverter
from visaged.audio.decoders.choose import open_decoder
from visaged.audio.decoders.decoder import RATES_HZ
from visaged.audio.decoders.input_file import REMEDY, name_of, open_input
from visaged.audio.errors import ChannelMissing, FileUnusable
from visaged.audio.ring import Sound
from visaged.clock import RATE_HZ
from visaged.config.sound import MAX_CHANNELS, Channel

# Frames per read of the file: 85 ms at 48 kHz, large enough that the calls do not count.
_CHUNK: Final = 4096


class FileReader:
    """Reads forward. Not paced: as fast as it is asked. Of a pipe, what comes out of it is read first, to its end."""

    def __init__(self, path: Path | str, *, gain_db: float = 0.0, loop: bool = False, channel: Channel = "mix") -> None:
        """Opens the file. Raises FileUnusable: missing, no sound file, empty, an impossible rate; ChannelMissing."""
        self.path = Path(path)
        self.loop = loop
        self._decoder = open_decoder(open_input(path), path)
        self.name = name_of(path)
        """What a person calls it, in quotes."""
        form = self._decoder.form
        wrong = None
        if form.rate_hz not in RATES_HZ:
            wrong = f"a rate of {form.rate_hz} Hz"
        elif not 1 <= form.channels <= MAX_CHANNELS:
            wrong = f"{form.channels} channels"
        elif form.frames is not None and form.frames <= 0:
            wrong = "no sound in it"
        if wrong:
            self._decoder.close()
            raise FileUnusable(f"{self.name} has {wrong}", REMEDY)
        self.description = f"{self.path.name}, {form.rate_hz} Hz, {form.channels} ch, {form.description}"
        self.duration_s = None if form.frames is None else form.frames / form.rate_hz
        """By its header, None where it does not say; a truncated file is shorter."""
        try:
            used = used_channels(channel, form.channels, self.name)
        except ChannelMissing:
            self._decoder.close()
            raise
        self._frames = np.zeros((_CHUNK, form.channels), np.float32)
        self._converter = MonoConverter(form.rate_hz, form.channels, _CHUNK, gain_db, live=False, used=used)
        self.channels = self._converter.channels
        """How loud each channel was where it was read last."""
        self._ready: Sound = np.zeros(0, np.float32)
        self._taken = 0
        self._ended = False

    @property
    def truncated(self) -> bool:
        """Whether there is less in it than its header says; for formats other than WAV known when the end is met."""
        return self._decoder.notes.truncated

    @property
    def notices(self) -> list[str]:
        """What a person should know about the sound that was read so far: sentences that name the file."""
        said = list(self._decoder.notes.said)
        if self.truncated:
            said.insert(0, "it is cut off: there is less in it than its header says")
        if self.bad_samples:
            said.append("it has samples that are not numbers: they are silence")
        if self.channels.cancel:
            said.append(CANCEL)
        return [f"{self.name}: {sentence}" for sentence in said]

    def say(self, sentence: str) -> None:
        """Add a notice: a sentence without the name of the file."""
        self._decoder.notes.say(sentence)

    @property
    def bad_samples(self) -> int:
        """NaN and infinities in the file that were replaced by silence."""
        return self._converter.bad_samples

    def read(self, out: Sound) -> int:
        """Fill ``out`` (float32 [n], 48 kHz); returns how many samples, fewer than ``len(out)`` only at the end."""
        count = 0
        while count < len(out):
            if self._taken == len(self._ready):
                if self._ended:
                    break
                # Copied, because what the converter returns is its own memory where no resampling is needed.
                self._ready, self._taken = self._next_chunk().copy(), 0
                continue
            take = min(len(out) - count, len(self._ready) - self._taken)
            out[count : count + take] = self._ready[self._taken : self._taken + take]
            count += take
            self._taken += take
        return count

    def close(self) -> None:
        """Close the file."""
        self._decoder.close()

    def read_native(self) -> tuple[Sound, int]:
        """All of it as mono float32 [n] at its own rate, without gain, and that rate in Hz."""
        self._decoder.rewind()
        parts: list[Sound] = []
        while count := self._decoder.read(self._frames):
            parts.append(self._frames[:count].mean(axis=1))
        mono = np.concatenate(parts or [np.zeros(0, np.float32)])
        mono[~np.isfinite(mono)] = 0
        return mono, self._decoder.form.rate_hz

    def _next_chunk(self) -> Sound:
        """The next samples at 48 kHz. A loop goes on within the chunk and the resampler's stream: no seam is heard."""
        filled = self._decoder.read(self._frames)
        while filled < _CHUNK and self.loop:
            self._decoder.rewind()
            more = self._decoder.read(self._frames[filled:])
            if not more:
                break
            filled += more
        self._ended = filled < _CHUNK
        return self._converter.convert(self._frames[:filled], last=self._ended)


@contextmanager
def opened(sound: Path | str | FileReader, gain_db: float = 0.0) -> Iterator[FileReader]:
    """A reader of a file, closed at the end; a reader stays as it is, open. Raises FileUnusable."""
    if isinstance(sound, FileReader):
        yield sound
        return
    reader = FileReader(sound, gain_db=gain_db)
    try:
        yield reader
    finally:
        reader.close()


def read_all(path: Path | str, tell: Callable[[str], None] = lambda notice: None) -> Sound:
    """The whole file as float32 [n], mono 48 kHz; ``tell`` hears what is odd about it. Raises FileUnusable."""
    parts = []
    with opened(path) as reader:
        while True:
            part = np.zeros(RATE_HZ, np.float32)
            count = reader.read(part)
            parts.append(part[:count])
            if count < len(part):
                for notice in reader.notices:
                    tell(notice)
                return np.concatenate(parts)
