"""One scenario tried on a running daemon: packets counted before, during and after, problems watched."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from itertools import pairwise

from tests.patience import PATIENCE_S
from tests.soak.health_watch import HealthWatch
from tests.soak.scenarios.scenario import Scenario
from tests.soak.world import World

FPS = 60
CALM_S = 1.0
"""Packets are counted for so long before a fault and after it."""
_LOOK_S = 0.1
# How long a problem may take to show and to be over: forged statuses are remembered for a minute.
_LONGEST_S = 90.0


@dataclass
class Outcome:
    """What was seen."""

    scenario: Scenario
    skipped: str = ""
    """Why it was not tried."""
    before: int = 0
    """Packets."""
    during: int = 0
    after: int = 0
    expected: tuple[int, int, int] = (0, 0, 0)
    """Ticks in the same times."""
    gap_ticks: float = 0.0
    """The longest silence."""
    shown: bool = False
    """Whether health showed the problem."""
    shown_s: float = 0.0
    """How long after the fault began."""
    over_s: float = 0.0
    """How long after the fault ended all that it had opened was over."""
    open: frozenset[str] = frozenset()
    """What was not over."""
    also: set[str] = field(default_factory=set)
    """Other problems that came with it."""
    died: bool = False

    def wrong(self) -> list[str]:
        """What should not have been."""
        found = []
        if self.died:
            found.append("the daemon ended")
        if self.gap_ticks > self.scenario.gap_ticks:
            found.append(f"a gap of {self.gap_ticks:.0f} ticks; {self.scenario.gap_ticks} are allowed")
        return found + self.unsaid()

    def unsaid(self) -> list[str]:
        """The same without what the speed of the machine has a say in."""
        found = []
        if self.scenario.problem and not self.shown:
            found.append(f"{self.scenario.problem} was not in health")
        if self.open:
            found.append(f"not over: {', '.join(sorted(self.open))}")
        if not (self.before and self.during and self.after):
            found.append("no packets")
        return found


def attempt(
    scenario: Scenario, world: World, watch: HealthWatch, calm_s: float = CALM_S, hold_s: float | None = None
) -> Outcome:
    """Strike, look, end it, look again.

    ``calm_s``: packets are counted for so long before it and after it; ``hold_s``: in place of the scenario's own.
    """
    least_s = scenario.hold_s if hold_s is None else hold_s
    outcome = Outcome(scenario)
    if missing := scenario.missing(world):
        outcome.skipped = missing
        return outcome
    times = world.arrivals.times
    watch.settle(_LONGEST_S)
    baseline = watch.codes()
    marks = [(len(times), time.monotonic())]

    def mark() -> None:
        marks.append((len(times), time.monotonic()))

    time.sleep(calm_s)
    mark()
    watch.seen.clear()
    with scenario.strike(world):
        struck = marks[-1][1]
        while _goes_on(scenario, watch, struck, least_s):
            time.sleep(_LOOK_S)
        outcome.shown_s = time.monotonic() - struck
        outcome.shown = scenario.problem in watch.seen
        mark()
        ending = time.monotonic()
    while (watch.codes() is None or watch.open - (baseline or frozenset())) and time.monotonic() < ending + _LONGEST_S:
        time.sleep(_LOOK_S)
    outcome.over_s = time.monotonic() - ending
    outcome.open = watch.open - (baseline or frozenset())
    time.sleep(calm_s)
    mark()
    outcome.before, outcome.during, outcome.after = (later[0] - earlier[0] for earlier, later in pairwise(marks))
    before, during, after = (round((later[1] - earlier[1]) * FPS) for earlier, later in pairwise(marks))
    outcome.expected = (before, during, after)
    outcome.gap_ticks = world.arrivals.longest_ns(marks[0][0]) * FPS / 1e9
    outcome.also = set(watch.seen) - {scenario.problem} - (baseline or frozenset())
    outcome.died = world.daemon.poll() is not None
    return outcome


def _goes_on(scenario: Scenario, watch: HealthWatch, struck: float, least_s: float) -> bool:
    """Until its problem has been shown, and it has lasted long enough."""
    watch.codes()
    lasted = time.monotonic() - struck
    if lasted < least_s:
        return True
    waits = scenario.problem is not None and scenario.problem not in watch.seen
    return waits and lasted < PATIENCE_S
