"""Percentiles and rates of the last minute, from histograms and counters that only grow."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

from visaged.clock import NS_PER_S
from visaged.metrics import Distribution, Metrics

_WINDOW_NS: Final = 60 * NS_PER_S
# Twelve marks a minute: a window is between 60 and 65 s long.
_MARK_EVERY_NS: Final = 5 * NS_PER_S
# A rate over less than this is the grain of the counter.
_SHORTEST_RATE_NS: Final = NS_PER_S


@dataclass(frozen=True)
class _Mark:
    time_ns: int
    count: int
    held: tuple[Distribution, ...]


class Windows:
    """The last minute of some histograms and the rate of one figure. One thread at a time."""

    def __init__(self, metrics: Metrics, histograms: tuple[str, ...], now_ns: int, count: int) -> None:
        """``count``: where the figure stands that ``read`` is given."""
        self._metrics = metrics
        self._names = histograms
        self._marks = deque([_Mark(now_ns, count, self._read())])

    def read(self, now_ns: int, count: int) -> tuple[float | None, dict[str, Distribution]]:
        """The rate of ``count`` per s over the last seconds (None: too early), and the histograms' last minute."""
        held = self._read()
        rated = next((mark for mark in reversed(self._marks) if now_ns - mark.time_ns >= _SHORTEST_RATE_NS), None)
        rate = None if rated is None else (count - rated.count) * NS_PER_S / (now_ns - rated.time_ns)
        while len(self._marks) > 1 and now_ns - self._marks[1].time_ns >= _WINDOW_NS:
            self._marks.popleft()
        first = self._marks[0].held
        window = {name: now.since(then) for name, now, then in zip(self._names, held, first, strict=True)}
        if now_ns - self._marks[-1].time_ns >= _MARK_EVERY_NS:
            self._marks.append(_Mark(now_ns, count, held))
        return rate, window

    def _read(self) -> tuple[Distribution, ...]:
        return tuple(self._metrics.histogram(name).read() for name in self._names)
