"""Channels that cancel each other: a balanced line in a stereo socket, a cable with two wires swapped."""

from __future__ import annotations

from typing import Final

import numpy as np

from visaged.audio.pcm import Frames

# Eight channels of which one sounds are averaged to an eighth of their power; less than half of that is no coincidence.
_SHARE: Final = 0.06
# Quieter than any voice: hum of an open socket may be in antiphase.
_QUIET: Final = 10 ** (-50 / 10)
# Enough to tell a voice from a click.
_ENOUGH_FRAMES: Final = 8_000

WARNING: Final = (
    "its channels cancel each other: averaged to one, hardly anything is left. Two wires are swapped, or a balanced "
    "line is in a stereo socket; give one channel alone"
)
"""For a person, behind what the sound is called."""


class ChannelWatch:
    """Looks at every block of one stream, as it came. One thread hears; any may read ``cancel``."""

    def __init__(self, channels: int) -> None:
        self._channels = channels
        self._frames = 0
        self._apart = self._mixed = 0.0

    @property
    def cancel(self) -> bool:
        """Whether the average of the channels has lost what is in them."""
        return self._frames >= _ENOUGH_FRAMES and self._mixed < _SHARE * self._apart

    def hear(self, frames: Frames) -> None:
        """Take in the next float32 [n, channels]."""
        if self._channels < 2 or not len(frames):
            return
        apart = float(np.vdot(frames, frames)) / self._channels
        # What is no number is counted elsewhere.
        if not _QUIET * len(frames) < apart < np.inf:
            return
        mixed = frames.mean(axis=1)
        self._frames += len(frames)
        self._apart += apart
        self._mixed += float(np.dot(mixed, mixed))
