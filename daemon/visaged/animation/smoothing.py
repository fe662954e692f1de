"""Smoothing: an optional one-pole low-pass on everything but the eyes."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from visaged.clock import NS_PER_MS
from visaged.curves import COUNT, REGIONS, Pose, neutral

# The eyes' steps are meant: a smoothed saccade glides and a smoothed blink never closes.
_LEFT_ALONE: Final = ("eyes", "eyeballs")


class Smoothing:
    """y += (x - y) * (1 - exp(-dt / tau)), with tau = ``face.smoothing_ms``; 0 passes everything through."""

    def __init__(self) -> None:
        self.time_constant_ms = 0.0
        self._shown = neutral()
        self._last_ns: int | None = None
        self._mask = np.ones(COUNT, np.float32)
        for region in _LEFT_ALONE:
            self._mask[list(REGIONS[region])] = 0.0
        self._lag = neutral()

    def apply(self, pose: Pose, time_ns: int) -> None:
        """Smooth ``pose`` in place (a Layer)."""
        if self._last_ns is not None and self.time_constant_ms > 0.0:
            step_ms = max(time_ns - self._last_ns, 0) / NS_PER_MS
            lag = math.exp(-step_ms / self.time_constant_ms)
            # The part of the way that is still missing: (shown - pose) * lag.
            np.subtract(self._shown, pose, out=self._lag)
            np.multiply(self._lag, self._mask, out=self._lag)
            np.multiply(self._lag, np.float32(lag), out=self._lag)
            np.add(pose, self._lag, out=pose)
        np.copyto(self._shown, pose)
        self._last_ns = time_ns
