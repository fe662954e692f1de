"""Reading a ring block by block, in the present: what the solver and the codec listen with.

Whoever falls behind does not work off a backlog, which nobody would see or hear any more: it goes on in the present.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from visaged.audio.ring import Sound
from visaged.clock import RATE_HZ

TOO_LATE: Final = RATE_HZ // 2
"""Samples. Such a backlog is no conversation any more, and the animator has long eased out."""
WAIT_S: Final = 0.1
"""How often a reader comes back to its thread, to show that it lives and to see whether it should stop."""


class SoundSource(Protocol):
    """Mono float32 at 48 kHz, addressed by an absolute sample index that only grows; AudioRing is one. Any thread."""

    @property
    def end(self) -> int:
        """The index one past the newest sample."""
        ...

    @property
    def oldest(self) -> int:
        """The smallest index that can still be read."""
        ...

    def wait(self, index: int, timeout_s: float) -> bool:
        """Wait until ``end >= index``; False when it took longer than ``timeout_s``."""
        ...

    def read(self, start: int, out: Sound) -> int:
        """Copy samples from ``start`` on into ``out`` (float32 [n]); returns how many were there.

        Raises LookupError when ``start`` is no longer there.
        """
        ...


class RingReader:
    """One reader of one source. One thread."""

    def __init__(self, source: SoundSource, position: int, skip: Callable[[int], int]) -> None:
        """Read from sample ``position`` on. ``skip(position)``: it is too late for that; returns where to go on."""
        self.position = position
        """Index one past what was read."""
        self._source = source
        self._skip = skip

    def read(self, block: Sound) -> bool:
        """Fill ``block`` with the next samples; False when they did not come within WAIT_S."""
        while True:
            if self._source.end - self.position > TOO_LATE:
                self.position = self._skip(self.position)
            if not self._source.wait(self.position + len(block), WAIT_S):
                return False
            try:
                self._source.read(self.position, block)
            except LookupError:
                self.position = self._skip(self.position)
                continue
            self.position += len(block)
            return True
