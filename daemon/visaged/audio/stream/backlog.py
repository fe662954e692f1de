"""Sound between a program that writes it and a face that plays it in real time: bounded, and never older than needed.

Two kinds of writers look alike at first. One has its sound ready (a speech synthesizer, a file): it is held back, and
nothing of it is lost. The other is live (a microphone in another program): what lies here longer than its jitter needs
is delay. It is told by its fill: over windows of 5 s the lowest fill of a live writer stays where it is, although
nobody holds it back. Then the clock of the player follows the writer's, as it follows a sound card's. A fill that
would take minutes to shrink so (the computer slept, the writer began earlier) is dropped instead, and counted.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import Final

from visaged.audio.ring import Sound
from visaged.clock import RATE_HZ

MAX_SAMPLES: Final = RATE_HZ * 4
"""A writer that is faster than time waits from here on."""
RESUME_SAMPLES: Final = RATE_HZ * 2
"""… until there is room again: how fast it fills that shows whether it is live."""
CUSHION_SAMPLES: Final = RATE_HZ * 6 // 100
"""Who fell behind begins again when there is this much: one longer pause instead of many short ones."""
WINDOW_SAMPLES: Final = RATE_HZ * 5
BOUND_SAMPLES: Final = RATE_HZ // 4
"""A live writer's lowest fill above this is dropped."""
TARGET_SAMPLES: Final = RATE_HZ * 4 // 100
"""What the lowest fill of a live writer is brought to: jitter of a busy machine."""
# Synthesizers that are hardly faster than time are not live: their fill grows by more than 2 %.
_STEADY_SAMPLES: Final = RATE_HZ // 10
# More than there can be.
_NOTHING_YET: Final = MAX_SAMPLES * 2
# Within what a timeline follows (clock.py); crystals need a tenth of it.
_MAX_SPEED_OFF: Final = 0.0015
# A proportional-integral loop, critically damped, with a time constant of about a minute.
_GAIN_PER_S: Final = 0.02
_INTEGRAL_PER_S2: Final = _GAIN_PER_S**2 / 4


class Backlog:
    """One thread puts, another takes; neither waits for long: ``put`` up to the time that there is room."""

    def __init__(self) -> None:
        self.speed = 1.0
        """How much faster than real time it is to be taken: the writer's clock by ours."""
        self.drops = 0
        """How often sound was dropped because it had become too old."""
        self.dropped_samples = 0
        self._ready: deque[Sound] = deque()
        self._held = 0
        self._closed = False
        self._starved, self._ended = True, False
        self._holding = False
        self._changed = threading.Condition()
        self._drift = 0.0
        self._before: int | None = None
        self._played, self._lowest = 0, _NOTHING_YET
        self._throttled = self._starved_once = False

    @property
    def held(self) -> int:
        """Samples that wait."""
        return self._held

    @property
    def holding(self) -> bool:
        """Whether the writer is held back."""
        return self._holding

    def put(self, sound: Sound) -> None:
        """Append; the memory must stay as it is. Ask ``wait_for_room`` before."""
        with self._changed:
            self._ended = False
            self._ready.append(sound)
            self._held += len(sound)
            self._holding = self._holding or self._held >= MAX_SAMPLES
            self._throttled = self._throttled or self._holding

    def wait_for_room(self, timeout_s: float) -> bool:
        """Whether more may be put now, or the backlog was closed; waits for up to ``timeout_s``."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._holding or self._closed, timeout_s)

    def end(self) -> None:
        """Nothing follows for now: what is there is played, however little it is."""
        with self._changed:
            self._ended = True

    def close(self) -> None:
        """Let whoever waits go."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def take(self, out: Sound) -> int:
        """Fill ``out`` with the oldest; returns how many samples there were."""
        with self._changed:
            if self._starved and self._held < CUSHION_SAMPLES and not (self._ended and self._held):
                self._watch(len(out), starved=True)
                return 0
            count = self._move(out)
            self._starved = count < len(out)
            self._watch(len(out), starved=self._starved)
            if self._holding and self._held <= RESUME_SAMPLES:
                self._holding = False
                self._changed.notify_all()
            return count

    def _move(self, out: Sound) -> int:
        count = 0
        while count < len(out) and self._ready:
            part = self._ready.popleft()
            fits = part[: len(out) - count]
            out[count : count + len(fits)] = fits
            count += len(fits)
            if len(fits) < len(part):
                self._ready.appendleft(part[len(fits) :])
        self._held -= count
        return count

    def _watch(self, samples: int, *, starved: bool) -> None:
        """Count played time; at the end of a window, decide."""
        self._played += samples
        self._lowest = min(self._lowest, self._held)
        self._starved_once = self._starved_once or starved
        if self._played < WINDOW_SAMPLES:
            return
        lowest, even = self._lowest, not (self._throttled or self._starved_once or self._ended)
        steady = even and self._before is not None and abs(lowest - self._before) < _STEADY_SAMPLES
        self._before = lowest if even else None
        if steady and lowest > BOUND_SAMPLES:
            self._drop(lowest - TARGET_SAMPLES)
            self._before = None
        elif steady:
            self._follow((lowest - TARGET_SAMPLES) / RATE_HZ)
        elif self._throttled:
            self._drift, self.speed = 0.0, 1.0
        else:
            self.speed = 1 + self._drift
        self._begin_window()

    def _follow(self, late_s: float) -> None:
        window_s = WINDOW_SAMPLES / RATE_HZ
        self._drift = _limited(self._drift + _INTEGRAL_PER_S2 * late_s * window_s)
        self.speed = 1 + _limited(self._drift + _GAIN_PER_S * late_s)

    def _drop(self, count: int) -> None:
        self.drops += 1
        self.dropped_samples += count
        self._held -= count
        while count:
            part = self._ready.popleft()
            if len(part) > count:
                self._ready.appendleft(part[count:])
                return
            count -= len(part)

    def _begin_window(self) -> None:
        self._played, self._lowest = 0, _NOTHING_YET
        self._throttled, self._starved_once = self._holding, False


def _limited(value: float) -> float:
    return min(max(value, -_MAX_SPEED_OFF), _MAX_SPEED_OFF)
