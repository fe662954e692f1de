"""The last seconds of poses, as they were handed to the sender: for a snapshot when somebody asks what that was."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from visaged.curves import COUNT, Pose

# The longest snapshot, 5 s, at the highest rate, 120 fps; and as much again, so that a reader is never overtaken.
_CAPACITY: Final = 2 * 5 * 120


class PoseHistory:
    """A ring; one thread adds (the animator's), any may read."""

    def __init__(self) -> None:
        self._poses = np.zeros((_CAPACITY, COUNT), np.float16)
        self._count = 0
        self.newest_ns = 0
        """When the newest pose is sent, CLOCK_MONOTONIC."""

    def add(self, pose: Pose, due_ns: int) -> None:
        """Keep a copy of ``pose``."""
        self._poses[self._count % _CAPACITY] = pose
        self._count += 1
        self.newest_ns = due_ns

    def newest(self, count: int) -> NDArray[np.float16]:
        """The newest poses, at most ``count`` and at most 600, oldest first: float16 [n, 61], a copy."""
        end = self._count
        wanted = min(count, end, _CAPACITY // 2)
        return self._poses[np.arange(end - wanted, end) % _CAPACITY]
