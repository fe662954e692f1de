"""Breathing, as far as a face shows it: the head lifts a hair, the nostrils and the lower lip give a little."""

from __future__ import annotations

import math
from random import Random
from typing import Final

from visaged.animation.noise import SlowNoise
from visaged.clock import NS_PER_S
from visaged.curves import INDEX, Pose

# 14 breaths a minute, an adult at rest.
_RATE_HZ: Final = 14 / 60
# Breath to breath the timing wanders; 0.5 rad RMS this slowly changes a breath's length by a tenth.
_WANDER_RAD: Final = 0.5
_WANDER_BAND_HZ: Final = (0.02, 0.08)
# Breathing in is quicker than out; skewing the phase by this much makes it about 2 to 3.
_SKEW_RAD: Final = 0.35
_HEAD_PITCH: Final = INDEX["HeadPitch"]
# Negative pitch is up on the wire; 0.4 degrees.
_HEAD_LIFT: Final = -0.007
_SIGNS: Final = (
    (INDEX["NoseSneerLeft"], 0.015),
    (INDEX["NoseSneerRight"], 0.015),
    (INDEX["MouthShrugLower"], 0.012),
)


class Breath:
    """The layer of breathing. ``moves_head``: whether the head takes part."""

    def __init__(self, rng: Random) -> None:
        self.moves_head = True
        self._phase = math.tau * rng.random()
        self._wander = SlowNoise(rng, *_WANDER_BAND_HZ)

    def apply(self, pose: Pose, time_ns: int) -> None:
        """Add the signs of breathing (a Layer)."""
        time_s = time_ns / NS_PER_S
        phase = math.tau * _RATE_HZ * time_s + self._phase + _WANDER_RAD * self._wander.at(time_s)
        filled = 0.5 - 0.5 * math.cos(phase + _SKEW_RAD * math.sin(phase))
        if self.moves_head:
            pose[_HEAD_PITCH] += _HEAD_LIFT * filled
        for index, amount in _SIGNS:
            pose[index] += amount * filled
