"""The channels of one stream: how loud each is, and whether they cancel each other when they are averaged.

They cancel where a balanced line is in a stereo socket, or two wires of a cable are swapped.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from visaged.audio.level import FLOOR_DBFS
from visaged.audio.pcm import Frames
from visaged.clock import RATE_HZ

# Of n channels of which one sounds, the average has an n-th of the power; less than half of that is no coincidence.
# Of two or three, more must be gone: some of a weaker second channel may be in antiphase.
_SHARE_OF_ONE: Final = 0.48
_LARGEST_SHARE: Final = 0.06
# Quieter than any voice: hum of an open socket may be in antiphase.
_QUIET: Final = 10 ** (-50 / 10)
# Enough to tell a voice from a click.
_ENOUGH_FRAMES: Final = 8_000
# As the meter of the voice (level.py).
_TIME_CONSTANT_S: Final = 0.125

WARNING: Final = (
    "its channels cancel each other: averaged to one, hardly anything is left. Two wires are swapped, or a balanced "
    "line is in a stereo socket; use one channel alone (audio.input.channel = 1)"
)
"""For a person, behind what the sound is called."""


class ChannelWatch:
    """Looks at every block of one stream, as it came. One thread hears; any may read the figures."""

    def __init__(self, channels: int, *, rate_hz: int = RATE_HZ, used: Sequence[int] | None = None) -> None:
        """``used``: which channels are averaged, counted from 0; None: all."""
        self._rate_hz = rate_hz
        self._used = None if used is None else list(used)
        self._count = channels if self._used is None else len(self._used)
        self._share = min(_LARGEST_SHARE, _SHARE_OF_ONE / self._count)
        self._frames = 0
        self._apart = self._mixed = 0.0
        self._squares: NDArray[np.float64] = np.zeros(channels)

    @property
    def cancel(self) -> bool:
        """Whether the average of the channels has lost what is in them."""
        return self._frames >= _ENOUGH_FRAMES and self._mixed < self._share * self._apart

    @property
    def levels_dbfs(self) -> list[float]:
        """RMS of each channel over about 125 ms, as ``LevelMeter`` gives it."""
        return [max(10 * math.log10(max(2 * square, 1e-30)), FLOOR_DBFS) for square in self._squares.tolist()]

    def hear(self, frames: Frames) -> None:
        """Take in the next float32 [n, channels]."""
        if len(self._squares) < 2 or not len(frames):
            return
        squares = np.einsum("ij,ij->j", frames, frames, dtype=np.float64) / len(frames)
        # What is no number is counted elsewhere.
        squares[~np.isfinite(squares)] = 0
        share = 1 - math.exp(-len(frames) / self._rate_hz / _TIME_CONSTANT_S)
        self._squares = self._squares + (squares - self._squares) * share
        if self._count < 2:
            return
        used = frames if self._used is None else frames[:, self._used]
        mixed = used.mean(axis=1)
        power = float(np.dot(mixed, mixed))
        apart = float(np.mean(squares if self._used is None else squares[self._used])) * len(frames)
        if not _QUIET * len(frames) < apart or not math.isfinite(power):
            return
        self._frames += len(frames)
        self._apart += apart
        self._mixed += power
