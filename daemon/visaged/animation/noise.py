"""Slow noise: the smooth, never repeating movement of a body that holds still."""

from __future__ import annotations

import math
from random import Random
from typing import Final

# Five sines of unrelated frequencies do not repeat within hours and are cheap; more look the same.
_TERMS: Final = 5
_AMPLITUDE: Final = math.sqrt(2 / _TERMS)


class SlowNoise:
    """Band-limited noise as a function of time alone, so any tick rate sees the same movement.

    Mean 0, RMS 1, never beyond +-sqrt(2 * 5) = 3.2.
    """

    def __init__(self, rng: Random, low_hz: float, high_hz: float) -> None:
        ratio = high_hz / low_hz
        self._terms = tuple(
            # One sine in each fifth of the band (on a log scale): random, yet never all slow or all fast.
            (math.tau * low_hz * ratio ** ((term + rng.random()) / _TERMS), math.tau * rng.random())
            for term in range(_TERMS)
        )

    def at(self, time_s: float) -> float:
        """The value at ``time_s``."""
        total = 0.0
        for omega, phase in self._terms:
            total += math.sin(omega * time_s + phase)
        return _AMPLITUDE * total
