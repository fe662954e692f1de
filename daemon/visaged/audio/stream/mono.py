"""Frames of one form as they come -> mono 48 kHz, and what is odd about them. What every stream decoder ends with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from visaged.audio.channels.choice import used_channels
from visaged.audio.channels.watch import WARNING as CANCEL
from visaged.audio.convert import MonoConverter
from visaged.audio.decoders.decoder import RATES_HZ, Notes
from visaged.audio.decoders.scale import FloatScale, NoScale, described
from visaged.audio.errors import FileUnusable
from visaged.audio.pcm import Frames
from visaged.audio.ring import Sound
from visaged.config.sound import MAX_CHANNELS, Channel

CHUNK: Final = 4096
"""Most frames at a time."""
REMEDY: Final = "Put 'ffmpeg -i - -f wav -' before visaged in the pipe, or give a file."


class MonoStream:
    """Sound of one form."""

    def __init__(
        self, rate_hz: int, channels: int, name: str, notes: Notes, *, channel: Channel, floats: bool = False
    ) -> None:
        """``floats``: samples of which nobody knows the scale yet. Raises FileUnusable, ChannelMissing."""
        if rate_hz not in RATES_HZ:
            raise FileUnusable(f"{name} has a rate of {rate_hz} Hz; accepted: {RATES_HZ[0]} to {RATES_HZ[-1]}", REMEDY)
        if not 1 <= channels <= MAX_CHANNELS:
            raise FileUnusable(f"{name} has {channels} channels; accepted: 1 to {MAX_CHANNELS}", REMEDY)
        self._name, self._notes, self._count = name, notes, channels
        used = used_channels(channel, channels, name)
        self._converter = MonoConverter(rate_hz, channels, CHUNK, 0.0, live=True, used=used)
        self._scale = FloatScale() if floats else None
        self.channels = self._converter.channels

    def convert(self, frames: Frames) -> Sound:
        """What is ready of at most CHUNK frames, in memory of its own. Raises FileUnusable."""
        if self._scale is not None:
            try:
                frames = self._scale.apply(frames)
            except NoScale as error:
                raise FileUnusable(f"{self._name} has {error}", "Write it with full scale at 1.") from None
            if self._scale.scale != 1:
                self._notes.say(described(self._scale.scale))
        sound: Sound = self._converter.convert(frames).copy()
        if self._converter.bad_samples:
            self._notes.say("it has samples that are not numbers: they are silence")
        if self.channels.cancel:
            self._notes.say(CANCEL)
        return sound

    def pieces(self, frames: Frames) -> Iterator[Sound]:
        """The same for any number of frames."""
        for at in range(0, len(frames), CHUNK):
            yield self.convert(frames[at : at + CHUNK])

    def rest(self) -> Sound:
        """What the resampler held back."""
        held_back: Sound = self._converter.convert(np.zeros((0, self._count), np.float32), last=True).copy()
        return held_back


def sentences(name: str, notes: Notes) -> list[str]:
    """What is odd about a stream, for a person."""
    cut = ["it is cut off: there is less in it than its header says"] if notes.truncated else []
    return [f"{name}: {sentence}" for sentence in (*cut, *notes.said)]
