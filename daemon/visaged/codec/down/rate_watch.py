"""Tells a peer that sends at the wrong rate from a network that stumbles, and says so as a problem."""

from __future__ import annotations

from typing import Final

from visaged.clock import NS_PER_MS
from visaged.codec.down.playout import FRAME_NS
from visaged.codec.frame_codec import FRAME_MS
from visaged.metrics import Metrics
from visaged.problems import Problems

PROBLEM: Final = "codec_peer_rate"

# Long enough that a stumbling network evens out; and a rate that was right for as long is right again.
_JUDGED_NS: Final = 5_000 * NS_PER_MS
# No crystal is off by a hundredth of this.
_OFF: Final = 0.02


class RateWatch:
    """One stream. A rate is wrong when frames had to be dropped or concealed because of it.

    ``hear`` and ``idle`` may be called on different threads.
    """

    def __init__(self, metrics: Metrics, problems: Problems) -> None:
        self._problems = problems
        self._harm = (metrics.counter("codec.dropped"), metrics.counter("codec.concealed"))
        self._began: tuple[int, int, int] | None = None  # sequence, arrival, harm
        self._wrong_ns = 0

    def clear(self) -> None:
        """Another stream, or none."""
        self._began, self._wrong_ns = None, 0
        self._problems.clear(PROBLEM)

    def hear(self, sequence: int, arrival_ns: int) -> None:
        """The frame ``sequence`` (unwrapped) came."""
        harm, began = sum(counter.value for counter in self._harm), self._began
        if began is None:
            self._began = (sequence, arrival_ns, harm)
            return
        first, first_ns, before = began
        took_ns = arrival_ns - first_ns
        if took_ns < _JUDGED_NS:
            return
        rate = (sequence - first) * FRAME_NS / took_ns
        if abs(rate - 1) > _OFF and harm > before:
            self._wrong_ns = arrival_ns
            message = f"the peer sends {rate * 1000 / FRAME_MS:.2f} frames a second; accepted: {1000 / FRAME_MS:g}"
            self._problems.open(PROBLEM, message, "Let it send one frame every 80 ms; see docs/codec.md")
        elif self._wrong_ns:
            self._problems.clear(PROBLEM)
        self._began = (sequence, arrival_ns, harm)

    def idle(self, now_ns: int) -> None:
        """Nobody speaks."""
        self._began = None
        if self._wrong_ns and now_ns - self._wrong_ns > _JUDGED_NS:
            self.clear()
