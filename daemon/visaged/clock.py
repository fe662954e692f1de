"""Time: the monotonic clock, the absolute tick schedule, and the timeline that ties samples to it.

All times are CLOCK_MONOTONIC in nanoseconds (int). Media time is a *sample index*: the count of 48 kHz samples since
the stream began. It only ever grows; a timeline says which instant of the monotonic clock a sample was heard at.
"""

from __future__ import annotations

import ctypes
import errno
import math
import os
import time
from fractions import Fraction
from typing import Final

RATE_HZ: Final = 48_000
"""The internal rate: every stage counts samples at 48 kHz."""

NS_PER_S: Final = 1_000_000_000
NS_PER_MS: Final = 1_000_000
NOMINAL_NS_PER_SAMPLE: Final = NS_PER_S / RATE_HZ

now_ns = time.monotonic_ns


class _Timespec(ctypes.Structure):
    _fields_ = (("tv_sec", ctypes.c_long), ("tv_nsec", ctypes.c_long))


_TIMER_ABSTIME: Final = 1
_clock_nanosleep = ctypes.CDLL(None, use_errno=True).clock_nanosleep
_clock_nanosleep.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.POINTER(_Timespec), ctypes.POINTER(_Timespec))
_clock_nanosleep.restype = ctypes.c_int


def sleep_until(deadline_ns: int) -> None:
    """Sleep until ``deadline_ns``; returns at once when it has passed. Releases the GIL.

    An absolute sleep: being preempted between reading the clock and going to sleep costs nothing, so a loop over
    absolute deadlines neither drifts nor bunches up. Signals do not cut it short.
    """
    request = _Timespec(*divmod(deadline_ns, NS_PER_S))
    while True:
        result = _clock_nanosleep(time.CLOCK_MONOTONIC, _TIMER_ABSTIME, ctypes.byref(request), None)
        if result == 0:
            return
        if result != errno.EINTR:
            raise OSError(result, os.strerror(result))


class TickSchedule:
    """Absolute times of the ticks of a rate that may be a fraction (30000/1001): exact integers, no drift."""

    def __init__(self, rate_hz: Fraction, epoch_ns: int) -> None:
        self.rate_hz = rate_hz
        self.epoch_ns = epoch_ns
        self._ns_times_denominator = NS_PER_S * rate_hz.denominator
        self._numerator = rate_hz.numerator

    @property
    def period_ns(self) -> float:
        """Length of one tick in ns."""
        return self._ns_times_denominator / self._numerator

    def time_ns(self, tick: int) -> int:
        """When tick number ``tick`` is due."""
        return self.epoch_ns + tick * self._ns_times_denominator // self._numerator

    def tick_at(self, time_ns: int) -> int:
        """The last tick that is due at or before ``time_ns``."""
        tick = (time_ns - self.epoch_ns) * self._numerator // self._ns_times_denominator
        return tick + 1 if self.time_ns(tick + 1) <= time_ns else tick


class Timeline:
    """Maps sample index to monotonic time and back, following the sound card's clock.

    One thread observes (the capture thread); any thread may ask. What readers see is one tuple that is replaced whole.
    A delay-locked loop smooths the wake-up jitter out of the observations and learns the true sample period
    (F. Adriaensen, "Using a DLL to filter time", LAC 2005).
    """

    # Loop bandwidth: wide at first so that it locks within a second, then narrow so that scheduling jitter of several
    # milliseconds moves the timeline by microseconds only.
    _BANDWIDTH_START_HZ: Final = 1.0
    _BANDWIDTH_HZ: Final = 0.05
    _SETTLE_S: Final = 2.0
    # Crystals are within 200 ppm; ten times that is a wrong rate, not a drift, and must not be learned.
    _MAX_DRIFT: Final = 2e-3
    # An error this large is a gap or a stall, not jitter: take the observation as it is.
    _JUMP_NS: Final = 100 * NS_PER_MS

    def __init__(self) -> None:
        self._anchor: tuple[int, float, float] | None = None  # index, ns, ns per sample
        self._locked_samples = 0
        self.jumps = 0

    def restart(self, index: int, time_ns: int) -> None:
        """Say that sample ``index`` is heard at ``time_ns``, forgetting what was known (a device was opened)."""
        self._anchor = (index, float(time_ns), NOMINAL_NS_PER_SAMPLE)
        self._locked_samples = 0

    def observe(self, index: int, time_ns: int) -> None:
        """Take in that sample ``index`` (one past the block just read) was heard at ``time_ns``."""
        if self._anchor is None:
            self.restart(index, time_ns)
            return
        anchor_index, anchor_ns, period_ns = self._anchor
        count = index - anchor_index
        if count <= 0:
            return
        predicted_ns = anchor_ns + count * period_ns
        error_ns = time_ns - predicted_ns
        if abs(error_ns) > self._JUMP_NS:
            self.jumps += 1
            self.restart(index, time_ns)
            return
        self._locked_samples += count
        settled = self._locked_samples > self._SETTLE_S * RATE_HZ
        bandwidth_hz = self._BANDWIDTH_HZ if settled else self._BANDWIDTH_START_HZ
        # A block as long as the loop's time constant would make it ring; 0.5 keeps it well damped.
        omega = min(2 * math.pi * bandwidth_hz * count / RATE_HZ, 0.5)
        period_ns += omega * omega * error_ns / count
        low, high = 1 - self._MAX_DRIFT, 1 + self._MAX_DRIFT
        period_ns = min(max(period_ns, NOMINAL_NS_PER_SAMPLE * low), NOMINAL_NS_PER_SAMPLE * high)
        self._anchor = (index, predicted_ns + math.sqrt(2) * omega * error_ns, period_ns)

    @property
    def running(self) -> bool:
        """Whether there is anything to map."""
        return self._anchor is not None

    def stop(self) -> None:
        """Forget the mapping: nothing is being heard."""
        self._anchor = None

    @property
    def drift_ppm(self) -> float:
        """How much slower (+) or faster (-) than 48 kHz the card runs by our clock, in parts per million."""
        anchor = self._anchor
        return 0.0 if anchor is None else (anchor[2] / NOMINAL_NS_PER_SAMPLE - 1) * 1e6

    def index_at(self, time_ns: float) -> float | None:
        """The sample heard at ``time_ns`` (fractional; beyond the newest sample it extrapolates), None when stopped."""
        anchor = self._anchor
        return None if anchor is None else anchor[0] + (time_ns - anchor[1]) / anchor[2]

    def time_at(self, index: float) -> float | None:
        """When sample ``index`` was or will be heard, in ns; None when stopped."""
        anchor = self._anchor
        return None if anchor is None else anchor[1] + (index - anchor[0]) * anchor[2]
