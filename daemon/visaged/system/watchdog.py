"""A watchdog that means it: fed only while every stage is fresh or idle by design.

A wedged stage is restarted in place; when that has not helped often enough, or a stage cannot be restarted, the
watchdog is fed no more and the process ends (systemd starts it again).
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from visaged.clock import NS_PER_S
from visaged.guard import once
from visaged.metrics import Metrics
from visaged.problems import Problems

log = logging.getLogger(__name__)

RESTARTS: Final = 5
"""In-place restarts, of all stages together, that are tried within ``WITHIN_S``."""
WITHIN_S: Final = 60
# Stopping a stage waits for its thread, 2 s at most; a restart that takes longer hangs itself.
_RESTART_NS: Final = 5 * NS_PER_S
PROBLEM: Final = "stage_wedged"
# A stage that was restarted is well when it has stayed well for so long.
_WELL_NS: Final = 10 * NS_PER_S


@dataclass(frozen=True)
class Watched:
    """One stage as the watchdog sees it."""

    name: str
    wedged: Callable[[int], str | None]
    """Given CLOCK_MONOTONIC in ns: what is stale and for how long, or None: fresh, or idle by design."""
    restart: Callable[[], None] | None
    """Stop and start the stage in place, within 5 s; None: it looks after itself, and if it cannot, nobody can."""


class Watchdog:
    """``check`` several times a second, from one thread; ``gave_up`` says why it is not fed any more."""

    def __init__(self, stages: Sequence[Watched], metrics: Metrics, problems: Problems) -> None:
        self._stages = tuple(stages)
        self._problems = problems
        self._restarted = metrics.counter("watchdog.restarts")
        # When the last in-place restarts began.
        self._history: deque[int] = deque(maxlen=RESTARTS)
        self._mender: threading.Thread | None = None
        self._mending: Watched | None = None
        self.gave_up: str | None = None
        """Why the process must be started anew; None while there is hope."""

    def check(self, time_ns: int) -> bool:
        """Look at every stage at CLOCK_MONOTONIC ``time_ns``; returns whether to feed."""
        if self.gave_up is not None:
            return False
        if self._mender is not None:
            if not self._mender.is_alive():
                self._mender = None
            elif time_ns - self._history[-1] > _RESTART_NS:
                assert self._mending is not None
                self._give_up(f"{self._mending.name}: restarting it hangs")
                return False
            # One at a time; the other stages can wait for so long.
            return True
        for stage in self._stages:
            words = stage.wedged(time_ns)
            if words is not None:
                return self._act(stage, words, time_ns)
        if self._history and time_ns - self._history[-1] > _WELL_NS:
            self._problems.clear(PROBLEM)
        return True

    def _act(self, stage: Watched, words: str, time_ns: int) -> bool:
        if stage.restart is None:
            self._give_up(f"{stage.name}: {words}")
            return False
        recent = sum(time_ns - began_ns < WITHIN_S * NS_PER_S for began_ns in self._history)
        if recent >= RESTARTS:
            self._give_up(f"{stage.name}: {words}, after {RESTARTS} restarts in place within {WITHIN_S} s")
            return False
        self._history.append(time_ns)
        self._restarted.add()
        self._problems.open(
            PROBLEM,
            f"{stage.name}: {words}; it is restarted in place",
            "If this goes on the process is restarted; report it with the log",
        )
        log.warning("%s: %s: restarted in place", stage.name, words)
        self._mending = stage
        # Its own thread: whoever feeds the watchdog must not wait for a stage that may hang.
        self._mender = once(
            stage.restart, "watchdog-mender", self._problems, "It is restarted again, or the service is"
        )
        self._mender.start()
        return True

    def _give_up(self, reason: str) -> None:
        self.gave_up = reason
        log.error("%s: the process must be started anew", reason)
