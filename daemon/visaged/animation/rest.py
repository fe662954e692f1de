"""The resting face: real faces rest slightly above zero, and brows and mouth corners are never quite still."""

from __future__ import annotations

from random import Random
from typing import Final

from visaged.animation.noise import SlowNoise
from visaged.clock import NS_PER_S
from visaged.curves import INDEX, Pose, neutral

# Recorded faces rest at squint 0.21, brow down 0.08, brow inner 0.10, cheek squint 0.05, stretch 0.05, shrugs 0.03.
# Brows as measured. Squint less than half of it: avatars are modelled with the eyes of a rested person. The mouth gets
# less as well, so that lips that meet still meet, and a trace of a smile, without which a still face looks stern.
REST: Final = {
    "EyeSquintLeft": 0.08,
    "EyeSquintRight": 0.08,
    "CheekSquintLeft": 0.03,
    "CheekSquintRight": 0.03,
    "BrowDownLeft": 0.08,
    "BrowDownRight": 0.08,
    "BrowInnerUp": 0.10,
    "BrowOuterUpLeft": 0.04,
    "BrowOuterUpRight": 0.04,
    "MouthSmileLeft": 0.035,
    "MouthSmileRight": 0.035,
    "MouthStretchLeft": 0.02,
    "MouthStretchRight": 0.02,
    "MouthShrugLower": 0.02,
    "MouthShrugUpper": 0.02,
    "MouthPressLeft": 0.015,
    "MouthPressRight": 0.015,
}
# What moves together, and its RMS. At most 3.2 times that is taken off, which the offsets above cover.
_DRIFTS: Final = (
    (("BrowInnerUp",), 0.02),
    (("BrowDownLeft", "BrowDownRight"), 0.02),
    (("BrowOuterUpLeft", "BrowOuterUpRight", "BrowInnerUp"), 0.009),
    (("BrowOuterUpLeft",), 0.003),
    (("EyeSquintLeft", "EyeSquintRight", "CheekSquintLeft", "CheekSquintRight"), 0.009),
    (("MouthSmileLeft", "MouthSmileRight"), 0.008),
    (("MouthSmileLeft",), 0.003),
    (("MouthPressLeft", "MouthPressRight", "MouthShrugLower"), 0.0045),
)
# Tonus wanders over seconds; nothing here may read as a gesture.
_BAND_HZ: Final = (0.04, 0.4)


class RestingFace:
    """The layer under all others: the resting offsets and their slow drift."""

    def __init__(self, rng: Random) -> None:
        self._offsets = neutral()
        for name, offset in REST.items():
            self._offsets[INDEX[name]] = offset
        self._drifts = tuple(
            (tuple(INDEX[name] for name in names), rms, SlowNoise(rng, *_BAND_HZ)) for names, rms in _DRIFTS
        )

    def apply(self, pose: Pose, time_ns: int) -> None:
        """Add the resting face (a Layer)."""
        time_s = time_ns / NS_PER_S
        pose += self._offsets
        for indices, rms, noise in self._drifts:
            amount = rms * noise.at(time_s)
            for index in indices:
                pose[index] += amount
