"""FaceTrack: the solver's poses, each with the media time it belongs to, waiting to be shown."""

from __future__ import annotations

from typing import Final

import numpy as np

from visaged.clock import RATE_HZ
from visaged.curves import COUNT, INDEX, REGIONS, Pose

# Frames further apart than this (three at 60 fps) are two streams with a gap between: never blend across it.
_MAX_STEP: Final = 3 * RATE_HZ // 60


# A closure or contact of one frame, halved by blending with its open neighbours, is none: such frames are shown whole.
_JAW, _CLOSE, _ROLL = INDEX["JawOpen"], INDEX["MouthClose"], INDEX["MouthRollLower"]
# Lips together: the jaw is open, and the lips make up for all of it but what nobody sees. At rest it is not.
_APART: Final = 0.02
_CLOSED: Final = 0.03
# The lower lip under the upper teeth, for f and v.
_ROLLED: Final = 0.3
# Jaw and mouth lie side by side in the pose; brows and head go on being blended.
_MOUTH: Final = slice(min(REGIONS["jaw"]), max(REGIONS["mouth"]) + 1)
# Closures of longer ago than this are late: at 24 fps a tick stands for two and a half frames.
_LOOK_BACK: Final = 4


class FaceTrack:
    """A ring of timed poses. One thread appends (the solver's), one samples (the animator's); neither ever waits.

    The reader takes the frame count once and reads only frames that the writer will not touch for another
    ``capacity`` / 2 frames (4 s at 60 fps: the longest delay of a face and a solver's batch), so no lock is needed.
    """

    def __init__(self, capacity: int = 512) -> None:
        self._poses = np.zeros((capacity, COUNT), np.float32)
        self._indices = [0] * capacity
        self._whole = [False] * capacity
        self._capacity = capacity
        self._first = 0  # frames before this belong to a stream that was reset
        self._count = 0
        self._scratch = np.zeros(COUNT, np.float32)
        # The reader's: frames before this have had their tick.
        self._due = 0

    @property
    def count(self) -> int:
        """Frames appended since the beginning."""
        return self._count

    @property
    def newest_index(self) -> int | None:
        """Media time (sample index) of the newest frame, None when there is none."""
        count = self._count
        return self._indices[(count - 1) % self._capacity] if count > self._first else None

    def append(self, index: int, pose: Pose) -> None:
        """Add the pose (float32 [61]) that belongs to sample ``index``; indices must grow, older ones are ignored."""
        newest = self.newest_index
        if newest is not None and index <= newest:
            return
        slot = self._count % self._capacity
        self._poses[slot] = pose
        self._indices[slot] = index
        self._whole[slot] = _lips_meet(pose)
        self._count += 1

    def reset(self) -> None:
        """Forget every frame (the writer's thread)."""
        self._first = self._count

    def sample(self, index: float, pose: Pose) -> float:
        """Write the pose at sample ``index`` into ``pose``, linearly between its two frames; return how stale it is.

        A frame in which the lips close, or touch the teeth, is shown whole at the tick nearest to it, whatever the rate
        and the phase of the ticks: half a closure is none. Indices grow from call to call, but for a new stream.

        Staleness is in samples: 0 when ``index`` lies between two frames of one movement, else the distance to the
        last frame before it, which is shown in its stead. ``inf`` and an untouched ``pose`` when there is none.
        """
        count = self._count
        oldest = max(self._first, count - self._capacity // 2)
        for frame in range(count - 1, oldest - 1, -1):
            slot = frame % self._capacity
            before = self._indices[slot]
            if before > index:
                continue
            np.copyto(pose, self._poses[slot])
            distance = index - before
            nearest, stale = frame, 0.0
            if distance > 0:
                after_slot = (frame + 1) % self._capacity
                if frame + 1 == count or self._indices[after_slot] - before > _MAX_STEP:
                    stale = distance
                else:
                    share = distance / (self._indices[after_slot] - before)
                    nearest += share > 0.5
                    np.subtract(self._poses[after_slot], pose, out=self._scratch)
                    np.multiply(self._scratch, np.float32(share), out=self._scratch)
                    np.add(pose, self._scratch, out=pose)
            if stale == 0.0:
                self._keep_closure(nearest, oldest, pose)
            return stale
        return float("inf")

    def _keep_closure(self, nearest: int, oldest: int, pose: Pose) -> None:
        """Show the mouth of the newest frame up to ``nearest`` whose tick this is, if its lips meet."""
        first = max(min(self._due, nearest), nearest - _LOOK_BACK, oldest)
        self._due = nearest + 1
        for frame in range(nearest, first - 1, -1):
            slot = frame % self._capacity
            if self._whole[slot]:
                pose[_MOUTH] = self._poses[slot, _MOUTH]
                return


def _lips_meet(pose: Pose) -> bool:
    close = pose[_CLOSE]
    return bool((close >= _CLOSED and pose[_JAW] - close <= _APART) or pose[_ROLL] >= _ROLLED)
