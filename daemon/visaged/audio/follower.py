"""One voice on its way to the speaker: read so that each sample sounds when it should, whatever the clocks do."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, Protocol

import numpy as np

from visaged.audio.interpolate import AFTER, BEFORE, interpolate
from visaged.audio.ring import AudioRing, Overwritten, Sound
from visaged.clock import NS_PER_S, RATE_HZ, Timeline


class Voice(Protocol):
    """Sound that is to be heard: samples at 48 kHz, and which of them is due when."""

    def position_at(self, time_ns: float) -> float | None:
        """The (fractional) sample index that is to leave the speaker at ``time_ns``; None: silence."""
        ...

    def read(self, start: int, out: Sound) -> int:
        """Copy samples from index ``start`` into ``out``; returns how many there were. May raise Overwritten."""
        ...


class DelayedRing:
    """A captured voice, ``delay_ns()`` after it was heard."""

    def __init__(self, ring: AudioRing, timeline: Timeline, delay_ns: Callable[[], float]) -> None:
        self._ring = ring
        self._timeline = timeline
        self._delay_ns = delay_ns

    def position_at(self, time_ns: float) -> float | None:
        """What was heard ``delay_ns()`` before."""
        return self._timeline.index_at(time_ns - self._delay_ns())

    def read(self, start: int, out: Sound) -> int:
        """From the ring; before its first sample there was silence."""
        before = min(max(-start, 0), len(out))
        out[:before] = 0
        return before + self._ring.read(start + before, out[before:])


class Follower:
    """Renders a voice block by block, without clicks: drift is followed by speed, a leap by a cross-fade.

    The two clocks are followed by one rule: over each block the reading position moves as far as the due position does,
    plus a small part of what it is off by. So a constant drift is matched exactly and an error dies out exponentially.
    """

    # Jitter of the clocks' estimates is spread over this, so that it is no audible flutter.
    _SETTLE_S: Final = 1.0
    # 0.5 % is 9 cents: nobody hears it in speech. Crystals need a tenth of that.
    _MAX_SPEED_OFF: Final = 0.005
    # An error that would take several seconds to make good is cross-faded over instead.
    _LEAP_SAMPLES: Final = RATE_HZ * 25 // 1000

    def __init__(self, voice: Voice, block_frames: int) -> None:
        """``block_frames``: length of every block rendered."""
        self._voice = voice
        self._steps = np.arange(block_frames, dtype=np.float64)
        self._rise = _rise(block_frames)
        self._samples: Sound = np.zeros(0, np.float32)
        self._position: float | None = None
        self._speed = 1.0
        self.starved = 0
        """How often the sound that was due was not there (yet)."""
        self.error_samples = 0.0
        """How far behind (+) or ahead (-) of what is due, in samples at 48 kHz."""

    def render(self, out: Sound, start_ns: float, end_ns: float) -> None:
        """Write what leaves the speaker from ``start_ns`` to ``end_ns`` into ``out`` (float32 [block_frames])."""
        due, due_end = self._voice.position_at(start_ns), self._voice.position_at(end_ns)
        if due is None or due_end is None:
            self._leave(out)
            return
        # Limited, as somebody may have set another delay between the two questions.
        even_speed = (end_ns - start_ns) * RATE_HZ / NS_PER_S / len(out)
        due_speed = _within((due_end - due) / len(out), even_speed, self._MAX_SPEED_OFF)
        if self._position is None:
            self._position, self._speed, self.error_samples = due, due_speed, 0.0
            self._read(out)
            out *= self._rise
            return
        self.error_samples = due - self._position
        if abs(self.error_samples) > self._LEAP_SAMPLES:
            self._leave(out)
            self._position, self._speed = due, due_speed
            entering = np.zeros_like(out)
            self._read(entering)
            out += entering * self._rise
            return
        correction = _within(self.error_samples / (self._SETTLE_S * RATE_HZ), 0.0, self._MAX_SPEED_OFF)
        self._speed = due_speed + correction
        self._read(out)

    def _leave(self, out: Sound) -> None:
        """Fade away from where it is."""
        if self._position is None:
            out[:] = 0
            return
        self._read(out)
        out *= self._rise[::-1]
        self._position = None

    def _read(self, out: Sound) -> None:
        """Render from the position on and move it; fades out before the end of what there is."""
        assert self._position is not None
        first = math.floor(self._position) - BEFORE
        positions = self._position - first + self._steps * self._speed
        wanted = math.floor(positions[-1]) + AFTER + 1
        if len(self._samples) < wanted:
            self._samples = np.zeros(wanted + AFTER, np.float32)
        samples = self._samples[:wanted]
        try:
            got = self._voice.read(first, samples)
        except Overwritten:
            got = 0
        samples[got:] = 0
        out[:] = interpolate(samples, positions)
        self._position += len(out) * self._speed
        if got < wanted:
            self.starved += 1
            self._position = None
            heard = int(np.count_nonzero(positions < got - AFTER))
            out[heard:] = 0
            out[:heard] *= _rise(heard)[::-1]


def _within(value: float, middle: float, reach: float) -> float:
    return min(max(value, middle - reach), middle + reach)


def _rise(count: int) -> Sound:
    """0 to 1 along half a cosine: without corners, and with its mirror image it sums to 1."""
    return (0.5 - 0.5 * np.cos(np.linspace(0, np.pi, count))).astype(np.float32)
