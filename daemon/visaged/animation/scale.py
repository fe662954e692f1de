"""Calibration: a response per curve, so that one solver fits many avatars."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from visaged import curves
from visaged.config.response import CurveResponse
from visaged.curves import Pose

_UNCHANGED = CurveResponse()


class Scale:
    """Applies ``face.scale``: a response per region, or per curve, which then counts instead.

    Each step (gamma, gain, offset, limits) costs a tick nothing where no curve has it.
    """

    def __init__(self) -> None:
        self.configure({})

    def configure(self, scale: Mapping[str, CurveResponse]) -> None:
        """Take over the responses. Raises KeyError for a name that is neither a curve nor a region."""
        responses = [_UNCHANGED] * curves.COUNT
        # Regions first: the more specific name wins, in whatever order they were written.
        for name in sorted(scale, key=lambda name: name in curves.INDEX):
            for index in curves.indices(name):
                responses[index] = scale[name]
        bent = [index for index, response in enumerate(responses) if response.gamma != 1.0]
        self._bent = np.array(bent, np.intp) if bent else None
        self._gammas = np.array([responses[index].gamma for index in bent], np.float32)
        self._factors = _where_set([response.gain for response in responses], 1.0)
        self._offsets = _where_set([response.offset for response in responses], 0.0)
        self._minima = _where_set([response.min for response in responses], -1.0)
        self._maxima = _where_set([response.max for response in responses], 1.0)

    def apply(self, pose: Pose, time_ns: int) -> None:
        """Change ``pose`` in place (a Layer)."""
        if self._bent is not None:
            values = pose[self._bent]
            # Angles keep their side; NaN stays NaN, for the guard behind.
            pose[self._bent] = np.copysign(np.abs(values) ** self._gammas, values)
        if self._factors is not None:
            np.multiply(pose, self._factors, out=pose)
        if self._offsets is not None:
            np.add(pose, self._offsets, out=pose)
        if self._minima is not None:
            np.maximum(pose, self._minima, out=pose)
        if self._maxima is not None:
            np.minimum(pose, self._maxima, out=pose)


def _where_set(values: list[float], unchanged: float) -> Pose | None:
    """float32 [61]; None where every curve is left as it is."""
    return np.array(values, np.float32) if any(value != unchanged for value in values) else None
