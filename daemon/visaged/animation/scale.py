"""Calibration: a factor per curve, so that one solver fits many avatars."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from visaged import curves
from visaged.curves import Pose


class Scale:
    """Multiplies the pose by ``face.scale``: a factor per region, or per curve, which then counts instead."""

    def __init__(self) -> None:
        self._factors = np.ones(curves.COUNT, np.float32)
        self._active = False

    def configure(self, scale: Mapping[str, float]) -> None:
        """Take over the factors. Raises KeyError for a name that is neither a curve nor a region."""
        factors = np.ones(curves.COUNT, np.float32)
        # Regions first: the more specific name wins, in whatever order they were written.
        for name in sorted(scale, key=lambda name: name in curves.INDEX):
            factors[list(curves.indices(name))] = scale[name]
        self._factors = factors
        self._active = bool((factors != 1.0).any())

    def apply(self, pose: Pose, time_ns: int) -> None:
        """Scale ``pose`` in place (a Layer)."""
        if self._active:
            np.multiply(pose, self._factors, out=pose)
