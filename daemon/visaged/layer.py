"""The layer interface: anything that adds to the face at a tick (idle life, speech, capsules, held curves)."""

from __future__ import annotations

from typing import Protocol

from visaged.curves import Pose


class Layer(Protocol):
    """Changes one pose in place, tick after tick, on the animator's thread."""

    def apply(self, pose: Pose, time_ns: int) -> None:
        """Add this layer to ``pose`` (float32 [61]) for the tick that is sent at ``time_ns`` (CLOCK_MONOTONIC, ns).

        Times grow from call to call. Must return within a fraction of a millisecond and never raise: what can fail
        belongs on another thread.
        """
        ...
