"""Head sway: a head that is held still is never quite still."""

from __future__ import annotations

from random import Random
from typing import Final

from visaged.animation.noise import SlowNoise
from visaged.clock import NS_PER_S
from visaged.curves import INDEX, Pose

# Postural sway is slow: most of it lies below a quarter of a hertz.
_BAND_HZ: Final = (0.03, 0.25)
# RMS in wire units (radians): 1.4, 0.9 and 0.7 degrees; the noise never exceeds 3.2 times that.
_RMS: Final = (("HeadYaw", 0.025), ("HeadPitch", 0.015), ("HeadRoll", 0.012))


class HeadSway:
    """The layer of the head's slow movement."""

    def __init__(self, rng: Random) -> None:
        self._channels = tuple((INDEX[name], rms, SlowNoise(rng, *_BAND_HZ)) for name, rms in _RMS)

    def apply(self, pose: Pose, time_ns: int) -> None:
        """Add the sway (a Layer)."""
        time_s = time_ns / NS_PER_S
        for index, rms, noise in self._channels:
            pose[index] += rms * noise.at(time_s)
