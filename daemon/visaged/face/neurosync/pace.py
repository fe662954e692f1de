"""Whether the box keeps up: widens the hop when windows come late, narrows it when there is room, or gives up."""

from __future__ import annotations

from collections import deque
from enum import Enum
from statistics import quantiles
from typing import Final

from visaged.face.neurosync.plan import FRAME_MS, Plan, plan_for

# Of so many windows in a row so many must have been late: one hiccup is none.
_RECENT: Final = 8
_LATE_OF_RECENT: Final = 3
# Narrower again after this long without one late window, and only if it is a quarter less: no to and fro.
_CALM_MS: Final = 60_000.0
_WORTH_IT: Final = 0.75


class Verdict(Enum):
    """What is to be done."""

    GO_ON = "go on"
    WIDER = "wider"
    NARROWER = "narrower"
    TOO_SLOW = "too slow"


class Pace:
    """One stream's. ``answered`` after every window; ``plan`` is the one to follow."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._recent: deque[float] = deque(maxlen=_RECENT)
        self._calm_ms = 0.0
        self._worst_ms = 0.0

    def answered(self, window_ms: float, *, quiet: bool) -> Verdict:
        """A window took ``window_ms``. ``quiet``: nobody speaks, so narrowing the hop would not be seen."""
        self._recent.append(window_ms)
        limit_ms = self.plan.wait * FRAME_MS
        if window_ms > limit_ms:
            self._calm_ms = self._worst_ms = 0.0
            if sum(took_ms > limit_ms for took_ms in self._recent) >= _LATE_OF_RECENT:
                return self._widen()
            return Verdict.GO_ON
        self._calm_ms += self.plan.hop * FRAME_MS
        self._worst_ms = max(self._worst_ms, window_ms)
        if quiet and self._calm_ms >= _CALM_MS:
            return self._narrow()
        return Verdict.GO_ON

    def _widen(self) -> Verdict:
        # By the slower half of what was measured, and at least by a frame.
        typical_ms = quantiles(self._recent, n=4)[2]
        wider = plan_for(max(typical_ms, self.plan.wait * FRAME_MS))
        if wider is None:
            return Verdict.TOO_SLOW
        self._follow(wider)
        return Verdict.WIDER

    def _narrow(self) -> Verdict:
        narrower = plan_for(self._worst_ms)
        self._calm_ms = self._worst_ms = 0.0
        if narrower is None or narrower.hop > self.plan.hop * _WORTH_IT:
            return Verdict.GO_ON
        self._follow(narrower)
        return Verdict.NARROWER

    def _follow(self, plan: Plan) -> None:
        self.plan = plan
        self._recent.clear()
        self._calm_ms = self._worst_ms = 0.0
