"""Settle: after a break in what is shown, start from what was shown last and let the difference fade away."""

from __future__ import annotations

from typing import Final

import numpy as np

from visaged.animation.ease import smoothstep
from visaged.clock import NS_PER_MS
from visaged.curves import Pose, neutral


class Settle:
    """Takes the jump out of any break (new settings, a layer that went, speech that resumes) without delaying anything.

    After ``absorb`` the next pose comes out as the last one did; the offset between the two then fades over
    ``duration_ms``. Movement goes on underneath at its own speed.
    """

    def __init__(self, duration_ms: float) -> None:
        self._duration_ns: Final = duration_ms * NS_PER_MS
        self._last = neutral()
        self._offset = neutral()
        self._scratch = neutral()
        self._start_ns = 0
        self._pending = False
        self._fading = False

    def absorb(self) -> None:
        """Say that the next pose does not follow from the last."""
        self._pending = True

    def start_at(self, pose: Pose) -> None:
        """Forget what was shown and what is fading: ``pose`` was the last."""
        self._pending = self._fading = False
        np.copyto(self._last, pose)

    def apply(self, pose: Pose, time_ns: int) -> None:
        """Correct ``pose`` in place for the tick at ``time_ns``, and remember what is shown."""
        if self._pending:
            self._pending, self._fading = False, True
            self._start_ns = time_ns
            np.subtract(self._last, pose, out=self._offset)
        if self._fading:
            left = 1.0 - smoothstep((time_ns - self._start_ns) / self._duration_ns)
            self._fading = left > 0.0
            np.multiply(self._offset, np.float32(left), out=self._scratch)
            pose += self._scratch
        np.copyto(self._last, pose)
