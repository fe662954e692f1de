"""Intervals between blinks: log-normal, so blinks come in clusters with long pauses between."""

from __future__ import annotations

import math
from random import Random
from typing import Final

# Sigma of the log of people's blink intervals: wide enough that doubles and ten-second stares both happen.
SIGMA: Final = 1.1
# From one onset to the next at the least: a median blink with its full tails. Shorter draws become double blinks.
_SHORTEST_S: Final = 0.3
# No pause is longer than this many mean intervals: the log-normal's tail would now and then stare for minutes.
_LONGEST_MEANS: Final = 8.0


class BlinkIntervals:
    """Draws intervals whose mean, floor and cap included, is 60 s / ``per_min``."""

    def __init__(self, rng: Random, per_min: float) -> None:
        """``per_min`` above 0."""
        self._rng = rng
        mean_s = 60.0 / per_min
        self._longest_s = _LONGEST_MEANS * mean_s
        self._mu = _find_mu(mean_s, _SHORTEST_S, self._longest_s)

    def draw(self, at_least_s: float) -> float:
        """Seconds to the next onset, at least ``at_least_s`` (the blink that is going on)."""
        interval_s = min(self._rng.lognormvariate(self._mu, SIGMA), self._longest_s)
        return max(interval_s, at_least_s)


def _find_mu(mean_s: float, low_s: float, high_s: float) -> float:
    """The mu at which a log-normal, clipped to low..high, has the mean ``mean_s``: bisection on the closed form."""
    below, above = math.log(mean_s) - 5.0, math.log(high_s)
    for _ in range(60):
        middle = (below + above) / 2
        if _clipped_mean(middle, low_s, high_s) < mean_s:
            below = middle
        else:
            above = middle
    return (below + above) / 2


def _clipped_mean(mu: float, low: float, high: float) -> float:
    """Mean of min(max(X, low), high) for a log-normal X of ``mu`` and SIGMA."""
    z_low, z_high = (math.log(low) - mu) / SIGMA, (math.log(high) - mu) / SIGMA
    inside = math.exp(mu + SIGMA * SIGMA / 2) * (_phi(z_high - SIGMA) - _phi(z_low - SIGMA))
    return low * _phi(z_low) + inside + high * (1 - _phi(z_high))


def _phi(z: float) -> float:
    """The normal distribution function."""
    return 0.5 * (1.0 + math.erf(z / math.sqrt(2.0)))
