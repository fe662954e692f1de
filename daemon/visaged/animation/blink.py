"""Blinks: when they come, and what the lids do to the pose."""

from __future__ import annotations

import math
from random import Random
from typing import Final

from visaged.animation.intervals import BlinkIntervals
from visaged.animation.lid import LidMovement, draw_lid_movement
from visaged.clock import NS_PER_S
from visaged.curves import INDEX, Pose

_SIDES: Final = (
    (INDEX["EyeBlinkLeft"], INDEX["EyeWideLeft"], INDEX["EyeSquintLeft"]),
    (INDEX["EyeBlinkRight"], INDEX["EyeWideRight"], INDEX["EyeSquintRight"]),
)
# The ring muscle that closes the lids pulls the cheek side along a little.
_SQUINT_PER_BLINK: Final = 0.12
# A large saccade takes the next blink along when that was due within this time: people blink as they look elsewhere.
_PULL_WINDOW_S: Final = 1.5


class Blink:
    """The layer of the lids. Everything but ``request`` runs on the animator's thread."""

    def __init__(self, rng: Random, per_min: float) -> None:
        """``per_min``: blinks per minute; 0: only those requested."""
        self._rng = rng
        self._per_min = 0.0
        self._intervals: BlinkIntervals | None = None
        self._lids: LidMovement | None = None
        self._now_s = 0.0
        self._due_s = math.inf
        self._requested = False
        self.set_rate(per_min)

    def set_rate(self, per_min: float) -> None:
        """Blink ``per_min`` times a minute from now on."""
        if per_min == self._per_min:
            return
        before, self._per_min = self._per_min, per_min
        self._intervals = BlinkIntervals(self._rng, per_min) if per_min > 0 else None
        if self._intervals is None:
            self._due_s = math.inf
        elif before > 0:
            self._due_s = self._now_s + (self._due_s - self._now_s) * before / per_min
        else:
            self._due_s = self._now_s + self._intervals.draw(0.0)

    def request(self) -> None:
        """Blink at the next tick, whatever the rate (any thread). Nothing happens while a blink is going on."""
        self._requested = True

    def pull(self, time_s: float) -> None:
        """A large saccade begins at ``time_s``: the next blink comes now if it was due soon. The rate stays."""
        self._advance(time_s)
        if self._due_s - time_s < _PULL_WINDOW_S and not self._going_on(time_s):
            self._start(time_s, self._due_s)

    def apply(self, pose: Pose, time_ns: int) -> None:
        """Close the lids as far as the blink that is going on has them (a Layer)."""
        time_s = time_ns / NS_PER_S
        self._advance(time_s)
        if self._requested:
            self._requested = False
            if not self._going_on(time_s):
                # An extra blink: the planned one stays, unless it would fall into this one.
                self._lids = draw_lid_movement(self._rng, time_s)
                self._due_s = max(self._due_s, self._lids.end_s)
        lids = self._lids
        if lids is None:
            return
        closed = lids.closed_at(time_s)
        if closed > 0.0:
            for (blink, wide, squint), factor in zip(_SIDES, (1.0, lids.right_factor), strict=True):
                share = min(closed * factor, 1.0)
                lowered = float(pose[blink])
                # What is left of the opening is closed, so a blink from lowered lids starts and ends at those.
                pose[blink] = lowered + share * (1.0 - lowered)
                pose[wide] *= 1.0 - share
                pose[squint] += _SQUINT_PER_BLINK * share

    def _advance(self, time_s: float) -> None:
        while self._due_s <= time_s:
            self._start(self._due_s, self._due_s)
        self._now_s = time_s

    def _start(self, start_s: float, planned_s: float) -> None:
        self._lids = draw_lid_movement(self._rng, start_s)
        if self._intervals is None:
            return
        # Counted from when it was planned: blinks that a saccade took along do not raise the rate.
        due_s = planned_s + self._intervals.draw(0.0)
        self._due_s = max(due_s, self._lids.end_s)

    def _going_on(self, time_s: float) -> bool:
        return self._lids is not None and time_s < self._lids.end_s
