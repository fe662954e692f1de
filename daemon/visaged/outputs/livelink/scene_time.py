"""Scene time: how many frames since local midnight, from the monotonic clock and a look at the wall clock now and then.

Pure arithmetic in integers; the clocks are read by ``read_wall_clock`` and handed in.
"""

from __future__ import annotations

import math
import time
from fractions import Fraction
from typing import Final, NamedTuple

from visaged.clock import NS_PER_MS, NS_PER_S

DAY_NS: Final = 86_400 * NS_PER_S

# Two clocks cannot be read at one instant; a difference below this is noise of the reading or the slow slewing of NTP,
# and following it would make the sub-frame wander. Above it somebody set the clock.
_STEP_NS: Final = NS_PER_MS

# The largest float32 below 1: rounding must never make a sub-frame a whole frame.
_SUB_FRAME_MAX: Final = 1 - 2**-24


class SceneState(NamedTuple):
    """What a sender hands to the one that takes over from it, so that scene time goes on."""

    local_offset_ns: int
    """Local wall clock (ns since 1970-01-01 00:00 local) less CLOCK_MONOTONIC."""
    lead_ns: int
    """How far scene time runs ahead of the wall clock, since that was set back; 0 or more."""
    day: int
    """Days since 1970-01-01, local."""


class SceneTime:
    """Frames since local midnight at any instant of the monotonic clock.

    The wall clock set forward (NTP, summer time) is followed at once. Set back, it is not: scene time runs on ahead,
    past 24 h if it must (the day on which summer time ends does have 25), until the wall clock's next midnight. So it
    never goes back within a day. A clock set back to before yesterday starts a new day.
    """

    def __init__(self, rate_hz: Fraction, local_offset_ns: int, time_ns: int, state: SceneState | None = None) -> None:
        """``local_offset_ns`` as in ``SceneState``, seen at ``time_ns``; ``state``: go on from there."""
        self._numerator = rate_hz.numerator
        self._ns_times_denominator = NS_PER_S * rate_hz.denominator
        if state is None:
            state = SceneState(local_offset_ns, 0, (time_ns + local_offset_ns) // DAY_NS)
        self._local_offset_ns, self._lead_ns, self._day = state
        self.observe(local_offset_ns)

    @property
    def state(self) -> SceneState:
        """For the sender that may take over."""
        return SceneState(self._local_offset_ns, self._lead_ns, self._day)

    def observe(self, local_offset_ns: int) -> None:
        """Take in a new reading of the wall clock (once a second is plenty)."""
        step_ns = local_offset_ns - self._local_offset_ns
        if abs(step_ns) >= _STEP_NS:
            self._local_offset_ns = local_offset_ns
            self._lead_ns = max(0, self._lead_ns - step_ns)

    def at(self, time_ns: int) -> tuple[int, float]:
        """Frame number and sub-frame (0 <= s < 1) at ``time_ns`` (CLOCK_MONOTONIC); call with growing times."""
        local_ns = time_ns + self._local_offset_ns
        day = local_ns // DAY_NS
        # One day back is the wall clock set back over midnight: still the day that we are in.
        if day not in (self._day, self._day - 1):
            self._day = day
            self._lead_ns = 0
        since_midnight_ns = local_ns - self._day * DAY_NS + self._lead_ns
        frame, rest = divmod(since_midnight_ns * self._numerator, self._ns_times_denominator)
        return frame, min(rest / self._ns_times_denominator, _SUB_FRAME_MAX)


def read_wall_clock() -> int:
    """Local wall clock less CLOCK_MONOTONIC now, in ns: what ``SceneTime`` wants to know.

    Looks at the zone anew (``timedatectl set-timezone`` on a running box is followed). The wall clock is read between
    two looks at the monotonic one; the closest pair of a few is taken: being preempted in between must not show.
    """
    time.tzset()
    closest_ns, best = math.inf, 0
    for _ in range(3):
        before_ns = time.monotonic_ns()
        wall_ns = time.time_ns()
        after_ns = time.monotonic_ns()
        if after_ns - before_ns < closest_ns:
            closest_ns, best = after_ns - before_ns, wall_ns - (before_ns + after_ns) // 2
    offset_s = time.localtime(time.time()).tm_gmtoff
    return best + offset_s * NS_PER_S
