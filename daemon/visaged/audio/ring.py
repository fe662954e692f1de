"""The audio ring: the newest seconds of one voice, addressed by absolute sample index.

An index never wraps and is never reused: index 0 is the first sample of the stream's life, index 48000 the one a second
later. What was lost or never heard is written as silence, so that an index stays a point in time.
"""

from __future__ import annotations

import threading
from typing import Final

import numpy as np
from numpy.typing import NDArray

from visaged.clock import NS_PER_S, RATE_HZ, now_ns

Sound = NDArray[np.float32]
"""Mono float32 at 48 kHz, +-1."""


# An index that does not come.
_NOBODY: Final = 1 << 62


class Overwritten(LookupError):
    """The samples asked for were overwritten; ``oldest`` is the first that is still there."""

    def __init__(self, start: int, oldest: int) -> None:
        super().__init__(f"sample {start} was overwritten, the oldest is {oldest}: read on from there")
        self.oldest = oldest


class AudioRing:
    """Mono float32 48 kHz; one thread writes, any thread reads. Writing takes no lock unless somebody waits."""

    # The longest delay that may be set for the sound out is 2 s, a codec link holds back a second or two more.
    MIN_SECONDS: Final = 8.0

    def __init__(self, seconds: float = MIN_SECONDS) -> None:
        """Hold at least ``seconds``; rounded up to a power of two of samples."""
        self.capacity = 1 << (max(int(seconds * RATE_HZ), 2) - 1).bit_length()
        self._samples: Sound = np.zeros(self.capacity, np.float32)
        self._mask = self.capacity - 1
        self._end = 0
        # Runs ahead of _end while samples are being replaced, so that a reader can tell that its copy was torn.
        self._replaced_to = 0
        # The first index that somebody waits for.
        self._awaited = _NOBODY
        self._grown = threading.Condition()
        self.bad_samples = 0
        """NaN and infinities that were replaced by silence."""

    @property
    def end(self) -> int:
        """The index one past the newest sample."""
        return self._end

    @property
    def oldest(self) -> int:
        """The smallest index that can be read."""
        return max(self._replaced_to - self.capacity, 0)

    def write(self, block: Sound) -> None:
        """Append ``block`` (float32 [n]). What is not finite becomes silence and is counted. Writer thread only."""
        end = self._end + len(block)
        self._replaced_to = end
        # Of a block longer than the ring only the last part stays.
        kept = block[-self.capacity :]
        start = (end - len(kept)) & self._mask
        first = min(len(kept), self.capacity - start)
        self._put(start, kept[:first])
        if first < len(kept):
            self._put(0, kept[first:])
        self._publish(end)

    def skip(self, count: int) -> None:
        """Append ``count`` samples of silence: time that was not heard. Writer thread only."""
        end = self._end + count
        self._replaced_to = end
        silent = min(count, self.capacity)
        start = (end - silent) & self._mask
        first = min(silent, self.capacity - start)
        self._samples[start : start + first] = 0
        self._samples[: silent - first] = 0
        self._publish(end)

    def read(self, start: int, out: Sound) -> int:
        """Copy the samples from index ``start`` on into ``out``; returns how many were there.

        Fewer than ``len(out)`` (down to 0): the rest is not there yet, and that part of ``out`` is left as it was.
        Raises Overwritten when ``start`` is too old, also when it became too old during the copy.
        """
        if start < self.oldest:
            raise Overwritten(start, self.oldest)
        count = min(len(out), self._end - start)
        if count <= 0:
            return 0
        at = start & self._mask
        first = min(count, self.capacity - at)
        out[:first] = self._samples[at : at + first]
        out[first:count] = self._samples[: count - first]
        if start < self.oldest:
            raise Overwritten(start, self.oldest)
        return count

    def wait(self, index: int, timeout_s: float) -> bool:
        """Wait until sample ``index - 1`` is there (``end >= index``); False when it took longer than ``timeout_s``."""
        if self._end >= index:
            return True
        until_ns = now_ns() + round(timeout_s * NS_PER_S)
        with self._grown:
            while True:
                self._awaited = min(self._awaited, index)
                if self._end >= index:
                    return True
                left_ns = until_ns - now_ns()
                if left_ns <= 0 or not self._grown.wait(left_ns / NS_PER_S):
                    return self._end >= index

    def _put(self, at: int, part: Sound) -> None:
        place = self._samples[at : at + len(part)]
        place[:] = part
        # One sum instead of a test of each sample: it is finite only if all are (no voice sums to 1e38).
        if not np.isfinite(np.add.reduce(place)):
            bad = ~np.isfinite(place)
            self.bad_samples += int(np.count_nonzero(bad))
            place[bad] = 0

    def _publish(self, end: int) -> None:
        # A waiter says what it waits for before it looks at _end, so one of the two always sees the other. Nobody is
        # woken for less: a reader of 800 samples would else come for every block of the sound card.
        self._end = end
        if end >= self._awaited:
            with self._grown:
                self._awaited = _NOBODY
                self._grown.notify_all()
