"""The last seconds of poses, as they were handed to the sender: for a snapshot, and for whoever records them."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from visaged.curves import COUNT, Pose

# The longest snapshot, 5 s, at the highest rate, 120 fps; and as much again, so that a reader is never overtaken.
_CAPACITY: Final = 2 * 5 * 120


class Poses(NamedTuple):
    """A stretch of the history, a copy."""

    end: int
    """Number of the pose after it, counted from the first ever."""
    lost: int
    """Poses that were overwritten before they were asked for."""
    curves: NDArray[np.float32]
    """[n, 61], oldest first."""
    due_ns: NDArray[np.int64]
    """[n]: when each is sent, CLOCK_MONOTONIC."""


class PoseHistory:
    """A ring; one thread adds (the animator's), any may read."""

    def __init__(self) -> None:
        self._poses = np.zeros((_CAPACITY, COUNT), np.float32)
        self._due_ns = np.zeros(_CAPACITY, np.int64)
        self.count = 0
        """Poses so far."""
        self.newest_ns = 0
        """When the newest pose is sent, CLOCK_MONOTONIC."""

    def add(self, pose: Pose, due_ns: int) -> None:
        """Keep a copy of ``pose``."""
        place = self.count % _CAPACITY
        self._poses[place] = pose
        self._due_ns[place] = due_ns
        self.count += 1
        self.newest_ns = due_ns

    def newest(self, count: int) -> NDArray[np.float32]:
        """The newest poses, at most ``count`` and at most 600, oldest first: float32 [n, 61], a copy."""
        return self.since(max(self.count - count, 0)).curves

    def since(self, number: int) -> Poses:
        """The poses from ``number`` on, at most the newest 600 of them."""
        end = self.count
        first = max(number, end - _CAPACITY // 2, 0)
        places = np.arange(first, end) % _CAPACITY
        return Poses(end, max(first - number, 0), self._poses[places], self._due_ns[places])
