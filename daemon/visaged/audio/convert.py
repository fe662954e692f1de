"""Frames as a device delivers them -> the internal format: mono, 48 kHz, gain applied, finite."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from visaged.audio.channels.watch import ChannelWatch
from visaged.audio.pcm import Frames
from visaged.audio.resample import Resampler
from visaged.audio.ring import Sound


class MonoConverter:
    """One stream of float32 [n, channels] at ``rate_hz`` -> float32 [m] at 48 kHz. Channels are averaged."""

    def __init__(
        self,
        rate_hz: int,
        channels: int,
        max_frames: int,
        gain_db: float,
        *,
        live: bool,
        used: Sequence[int] | None = None,
    ) -> None:
        """``used``: which channels are averaged, counted from 0; None: all."""
        self.resampler = Resampler(rate_hz, max_frames, live=live)
        self._used = list(range(channels) if used is None else used)
        self._weights = np.zeros(channels, np.float32)
        self.set_gain(gain_db)
        self._mono = np.zeros(max_frames, np.float32)
        self.bad_samples = 0
        """NaN and infinities that were replaced by silence."""
        self.channels = ChannelWatch(channels, rate_hz=rate_hz, used=used)
        """How loud each channel is, and whether averaging loses the sound."""

    def set_gain(self, gain_db: float) -> None:
        """Apply ``gain_db`` from the next call on."""
        self.gain_db = gain_db
        self._weights[self._used] = 10 ** (gain_db / 20) / len(self._used)

    def convert(self, frames: Frames, *, last: bool = False) -> Sound:
        """At most ``max_frames`` in; what comes out is valid until the next call."""
        mono = self._mono[: len(frames)]
        if len(self._used) < len(self._weights):
            # What is not used does not matter, even where it is no number.
            np.dot(frames[:, self._used], self._weights[self._used], out=mono)
        else:
            np.dot(frames, self._weights, out=mono)
        self.channels.hear(frames)
        # Before the resampler: one NaN in its memory would spoil the samples around it as well.
        if not np.isfinite(np.add.reduce(mono)):
            bad = ~np.isfinite(mono)
            self.bad_samples += int(np.count_nonzero(bad))
            mono[bad] = 0
        return self.resampler.push(mono, last=last)
