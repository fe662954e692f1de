"""More commands and connections than are served are a problem in health while they come, and for a while after."""

from __future__ import annotations

from typing import Final

from visaged.clock import NS_PER_S
from visaged.metrics import Metrics
from visaged.problems import Problems

_EVERY_NS: Final = NS_PER_S
_QUIET_NS: Final = 10 * NS_PER_S
# Commands that were answered "busy"; connections that were hung up on, or not taken, for want of places.
_COUNTERS: Final = ("control.busy", "control.turned_away")


class FloodWatch:
    """Looks once a second at what the transports count. ``update`` as often as you like, from one thread."""

    def __init__(self, metrics: Metrics, problems: Problems) -> None:
        self._metrics = metrics
        self._problems = problems
        self._due_ns = 0
        self._count = 0
        self._flooded_ns: int | None = None

    def update(self, time_ns: int) -> None:
        """Look, if it is time (CLOCK_MONOTONIC ``time_ns``)."""
        if time_ns < self._due_ns:
            return
        self._due_ns = time_ns + _EVERY_NS
        before, self._count = self._count, sum(int(self._metrics.value(name) or 0) for name in _COUNTERS)
        if self._count > before:
            self._flooded_ns = time_ns
            self._problems.open(
                "command_flood",
                "more commands or connections come than are served: what is too much is refused, the face goes on",
                "Find who sends them: programs at the control socket (ss -xp), writers of this box's request topics",
            )
        elif self._flooded_ns is not None and time_ns - self._flooded_ns >= _QUIET_NS:
            self._flooded_ns = None
            self._problems.clear("command_flood")
