"""Figures of a window of time, from counters and histograms that only grow: of the last minute, or since the last look.

A reader keeps marks of how the figures stood, and answers with what was added after the oldest mark of its window.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from visaged.clock import NS_PER_S
from visaged.metrics import Distribution, Metrics

MINUTE_NS: Final = 60 * NS_PER_S
# Twelve marks a window: of a minute, it is between 60 and 65 s long.
_MARKS: Final = 12
# A rate over less than this is the grain of the counter.
_SHORTEST_RATE_NS: Final = NS_PER_S


@dataclass(frozen=True)
class Window:
    """What was added within a window."""

    duration_ns: int
    grown: Mapping[str, int]
    """Of the counts."""
    histograms: Mapping[str, Distribution]
    rates: Mapping[str, float | None]
    """Of the counts, per s over the last seconds; None: too early to tell."""


@dataclass(frozen=True)
class _Mark:
    time_ns: int
    counts: Mapping[str, int]
    held: Mapping[str, Distribution]


class WindowedMetrics:
    """A sliding window over some figures. One thread at a time."""

    def __init__(
        self,
        metrics: Metrics,
        now_ns: int,
        *,
        counts: tuple[str, ...] = (),
        histograms: tuple[str, ...] = (),
        window_ns: int = MINUTE_NS,
    ) -> None:
        """``window_ns`` 0: every reading is of the time since the one before (the first: since now)."""
        self._metrics = metrics
        self._counts = counts
        self._histograms = histograms
        self._window_ns = window_ns
        self._marks = deque([self._mark(now_ns)])

    def read(self, now_ns: int) -> Window:
        """The figures of the window that ends now."""
        now = self._mark(now_ns)
        rated = next((mark for mark in reversed(self._marks) if now_ns - mark.time_ns >= _SHORTEST_RATE_NS), None)
        while len(self._marks) > 1 and now_ns - self._marks[1].time_ns >= self._window_ns:
            self._marks.popleft()
        first = self._marks[0]
        if now_ns - self._marks[-1].time_ns >= self._window_ns // _MARKS:
            self._marks.append(now)
        return Window(
            duration_ns=now_ns - first.time_ns,
            grown={name: now.counts[name] - first.counts[name] for name in self._counts},
            histograms={name: now.held[name].since(first.held[name]) for name in self._histograms},
            rates={name: None if rated is None else _rate(name, rated, now) for name in self._counts},
        )

    def _mark(self, time_ns: int) -> _Mark:
        return _Mark(
            time_ns,
            {name: int(self._metrics.value(name) or 0) for name in self._counts},
            {name: self._metrics.histogram(name).read() for name in self._histograms},
        )


def _rate(name: str, before: _Mark, now: _Mark) -> float:
    return (now.counts[name] - before.counts[name]) * NS_PER_S / (now.time_ns - before.time_ns)
