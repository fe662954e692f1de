"""Prepared voices on their way to the speaker: spoken lines of capsules, each due at a set time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import soxr
from numpy.typing import NDArray

from visaged.audio.ring import Sound
from visaged.clock import NS_PER_MS, NS_PER_S, RATE_HZ

PCM_RATE_HZ: Final = 24_000
"""Rate of the PCM in capsules."""

# Lines lie this far apart on the voice's sample axis (a day): going from one to the next is a leap, which the follower
# cross-fades over.
_LINE_STRIDE: Final = RATE_HZ * 86_400
# A line taken over, or its end, is over when the speaker's queue has passed it; then it is forgotten.
_KEEP_NS: Final = NS_PER_S


@dataclass(frozen=True)
class _Line:
    first: int
    sound: Sound
    start_ns: int
    end_ns: int


class LineVoice:
    """A ``Voice`` (follower.py) that plays lines. ``play`` and ``stop``: any thread; the rest: the output thread.

    A line begins at its start time and takes over from the one before; between lines there is silence.
    """

    def __init__(self, clock_ns: Callable[[], int]) -> None:
        self._clock_ns = clock_ns
        self._lines: tuple[_Line, ...] = ()
        self._played = 0
        self._lock = threading.Lock()

    def play(self, pcm: NDArray[np.int16], start_time_ns: int) -> None:
        """Let ``pcm`` (int16 [n], 24 kHz; copied) be heard from ``start_time_ns`` (CLOCK_MONOTONIC) on."""
        sound = soxr.resample(pcm.astype(np.float32) / 32768, PCM_RATE_HZ, RATE_HZ)
        with self._lock:
            self._played += 1
            first = self._played * _LINE_STRIDE
            end_ns = start_time_ns + len(sound) * NS_PER_S // RATE_HZ
            line = _Line(first, np.ascontiguousarray(sound, np.float32), start_time_ns, end_ns)
            now = self._clock_ns()
            kept = [before for before in self._lines if now < before.end_ns + _KEEP_NS]
            self._lines = tuple(sorted((*kept, line), key=lambda each: each.start_ns))

    def stop(self, start_time_ns: int, fade_ms: int) -> None:
        """End the line that was given with ``start_time_ns``, with a fade of ``fade_ms`` from now on."""
        now = self._clock_ns()
        with self._lock:
            self._lines = tuple(
                faded
                for line in self._lines
                for faded in (_faded(line, now, fade_ms) if line.start_ns == start_time_ns else line,)
                if faded is not None
            )

    @property
    def playing(self) -> bool:
        """Whether a line is being heard, or waits for its time."""
        now = self._clock_ns()
        return any(now < line.end_ns for line in self._lines)

    def position_at(self, time_ns: float) -> float | None:
        """The sample that is due at ``time_ns``: of the line that began last."""
        for line in reversed(self._lines):
            if line.start_ns <= time_ns:
                if time_ns >= line.end_ns:
                    return None
                return line.first + (time_ns - line.start_ns) * RATE_HZ / NS_PER_S
        return None

    def read(self, start: int, out: Sound) -> int:
        """Copy from sample ``start`` on; before a line's first sample and after its last there is silence."""
        out[:] = 0
        for line in self._lines:
            if line.first - len(out) < start < line.first + len(line.sound):
                offset = start - line.first
                skipped = max(-offset, 0)
                part = line.sound[max(offset, 0) : max(offset + len(out), 0)]
                out[skipped : skipped + len(part)] = part
        return len(out)


def _faded(line: _Line, now_ns: int, fade_ms: int) -> _Line | None:
    """``line`` with its end faded out from ``now_ns`` on; None when it had not begun."""
    if now_ns <= line.start_ns:
        return None
    heard = min(int((now_ns - line.start_ns) * RATE_HZ / NS_PER_S), len(line.sound))
    length = min(fade_ms * RATE_HZ // 1000, len(line.sound) - heard)
    sound = line.sound[: heard + length].copy()
    if length:
        sound[heard:] *= np.linspace(1, 0, length, dtype=np.float32)
    return _Line(line.first, sound, line.start_ns, now_ns + fade_ms * NS_PER_MS)
