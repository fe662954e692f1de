"""The beat of a source that has no clock of its own: block by block on the absolute clock."""

from __future__ import annotations

from typing import Final

from visaged.clock import NS_PER_S, RATE_HZ, now_ns, sleep_until

# As much as a sound card would have buffered; what was not fetched by then is lost, as it would be there.
_BUFFERED_NS: Final = NS_PER_S // 5


class Pacing:
    """Counts blocks of ``block_frames`` at 48 kHz from ``start`` on."""

    def __init__(self, block_frames: int) -> None:
        self.xruns = 0
        """How often a block was fetched so late that time was lost."""
        self._block_ns = block_frames * NS_PER_S / RATE_HZ
        self._due_ns = 0.0

    def start(self) -> None:
        """The first block begins now."""
        self._due_ns = float(now_ns())

    def wait(self, speed: float = 1.0) -> int:
        """Until the last sample of the next block is due; CLOCK_MONOTONIC of that, in ns.

        ``speed``: how much faster than 48 kHz this block runs.
        """
        self._due_ns += self._block_ns / speed
        late_ns = now_ns() - self._due_ns
        if late_ns > _BUFFERED_NS:
            self.xruns += 1
            self._due_ns += late_ns
        due_ns = int(self._due_ns)
        sleep_until(due_ns)
        return due_ns
