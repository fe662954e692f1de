"""A device's fill level, and the instant at which it was that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from visaged.clock import NS_PER_MS, now_ns

# The question takes some 20 us; longer means that the thread was put aside between the question and the clock.
_UNDISTURBED_NS: Final = NS_PER_MS // 5
_TRIES: Final = 4


def stamped(fill: Callable[[], int]) -> tuple[int, int]:
    """``fill()`` and the CLOCK_MONOTONIC ns of the answer; asked again when the thread was interrupted meanwhile.

    Without this, a busy interpreter (it switches threads every 5 ms) puts milliseconds of jitter on the timeline.
    """
    best, best_took, best_ns = 0, None, 0
    for _ in range(_TRIES):
        before_ns = now_ns()
        value = fill()
        after_ns = now_ns()
        took = after_ns - before_ns
        if best_took is None or took < best_took:
            best, best_took, best_ns = value, took, (before_ns + after_ns) // 2
        if took < _UNDISTURBED_NS or value < 0:
            break
    return best, best_ns
