"""One blink: how far the lids are closed over time, with the durations that people show."""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random
from typing import Final

# Durations between 10 % of the peak and the peak, ms, p25 / p50 / p75 of recorded faces: closing 67 / 83 / 117,
# opening 100 / 133 / 275. Both are skewed, so each side of the median has its own log-normal spread (p25 and p75 lie
# 0.674 sigma out). The caps keep what is no longer a blink but a closing of the eyes, and what no lid can do, out.
_QUARTILE_Z: Final = 0.6745
_CLOSING_MS: Final = (67.0, 83.0, 117.0)
_CLOSING_LIMITS_MS: Final = (50.0, 200.0)
_OPENING_MS: Final = (100.0, 133.0, 275.0)
_OPENING_LIMITS_MS: Final = (80.0, 500.0)
# Peak of EyeBlink: p25 / p50 / p75 = 0.50 / 0.65 / 0.78, seldom 1.
_PEAK_MEAN: Final = 0.65
_PEAK_SIGMA: Final = 0.2
_PEAK_LIMITS: Final = (0.35, 1.0)
# Left and right lids correlate 0.99: the right one goes a little more or less far each time.
_ASYMMETRY_SIGMA: Final = 0.02
# A raised cosine passes 10 % after this share of its way; opening runs it over share ** 0.75, fast first, then slow.
_TENTH: Final = math.acos(0.8) / math.pi
_OPENING_POWER: Final = 0.75
_OPENING_TENTH: Final = (1 - _TENTH) ** (1 / _OPENING_POWER)


@dataclass(frozen=True)
class LidMovement:
    """Down and up again. ``closed_at`` says how far at a time since the same zero as ``start_s``."""

    start_s: float
    closing_s: float
    opening_s: float
    peak: float
    right_factor: float
    """Right lid over left lid."""

    @property
    def end_s(self) -> float:
        """When the lids are back."""
        return self.start_s + self.closing_s + self.opening_s

    def closed_at(self, time_s: float) -> float:
        """How far the left lid is closed, 0..1."""
        since = time_s - self.start_s
        if since <= 0.0:
            return 0.0
        if since < self.closing_s:
            return self.peak * 0.5 * (1.0 - math.cos(math.pi * since / self.closing_s))
        share = (since - self.closing_s) / self.opening_s
        if share >= 1.0:
            return 0.0
        return self.peak * 0.5 * (1.0 + math.cos(math.pi * share**_OPENING_POWER))


def draw_lid_movement(rng: Random, start_s: float) -> LidMovement:
    """A blink that begins at ``start_s``, as different from the last one as a person's are."""
    closing_ms = _skewed(rng, _CLOSING_MS, _CLOSING_LIMITS_MS)
    opening_ms = _skewed(rng, _OPENING_MS, _OPENING_LIMITS_MS)
    low, high = _PEAK_LIMITS
    return LidMovement(
        start_s=start_s,
        closing_s=closing_ms / 1000 / (1 - _TENTH),
        opening_s=opening_ms / 1000 / _OPENING_TENTH,
        peak=min(max(rng.gauss(_PEAK_MEAN, _PEAK_SIGMA), low), high),
        right_factor=1.0 + rng.gauss(0.0, _ASYMMETRY_SIGMA),
    )


def _skewed(rng: Random, quartiles: tuple[float, float, float], limits: tuple[float, float]) -> float:
    """A draw whose quartiles are ``quartiles``: log-normal, with a spread of its own on each side of the median."""
    z = rng.gauss(0.0, 1.0)
    lower, median, upper = quartiles
    sigma = math.log((upper if z > 0 else median) / (median if z > 0 else lower)) / _QUARTILE_Z
    return min(max(median * math.exp(sigma * z), limits[0]), limits[1])
