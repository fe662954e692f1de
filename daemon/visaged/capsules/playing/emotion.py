"""The emotion state: valence, arousal, dominance, pushed by events, falling back to the personality in time."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from visaged.clock import NS_PER_S

Vector = tuple[float, float, float]
"""(valence, arousal, dominance), each -1..1."""

# From the origin document: an event moves the state by 0.3 of the way.
MOMENTUM: Final = 0.7
# A feeling is at a third after this, unless it is fed.
DECAY_S: Final = 6.0
RECENTRE_AFTER_S: Final = 10.0
# The last of it goes in this time, so that the centre is reached and nothing jumps.
_RECENTRE_S: Final = 1.0


@dataclass(frozen=True)
class EmotionState:
    """What the state was at one moment; what it is later is arithmetic. Replaced whole, so any thread may read it."""

    vector: Vector = (0.0, 0.0, 0.0)
    time_ns: int = 0
    baseline: Vector = (0.0, 0.0, 0.0)
    """The personality: where it falls back to."""

    def at(self, time_ns: int) -> Vector:
        """The state at ``time_ns``: exponential decay in time to the baseline, which is reached 11 s after an event."""
        age_s = max(time_ns - self.time_ns, 0) / NS_PER_S
        left = math.exp(-age_s / DECAY_S)
        if age_s > RECENTRE_AFTER_S:
            left *= max(1 - (age_s - RECENTRE_AFTER_S) / _RECENTRE_S, 0.0)
        return _each(lambda base, value: base + (value - base) * left, self.baseline, self.vector)

    def pushed(self, event: Vector, time_ns: int, momentum: float = MOMENTUM) -> EmotionState:
        """The state after ``event``, which moves it by 1 - ``momentum`` of the way; clamped to -1..1."""
        moved = _each(lambda old, new: _clamp(momentum * old + (1 - momentum) * new), self.at(time_ns), event)
        return EmotionState(moved, time_ns, self.baseline)


def distance(one: Vector, other: Vector) -> float:
    """Euclidean distance."""
    return math.dist(one, other)


def _each(function: Callable[[float, float], float], one: Vector, other: Vector) -> Vector:
    return function(one[0], other[0]), function(one[1], other[1]), function(one[2], other[2])


def _clamp(value: float) -> float:
    return min(max(value, -1.0), 1.0)
