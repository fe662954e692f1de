"""``HH:MM:SS:FF.sss``, the time of a row in a Live Link Face CSV: FF counts the frames of the second, sss is a part.

``;`` in place of the last ``:`` is drop-frame: at 29.97 frames a second the numbers 0 and 1 are left out at every
minute that 10 does not divide, so that the clock stays right (SMPTE 12M).
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Final, NamedTuple

from visaged.recording.base import MAX_FPS

_PATTERN: Final = re.compile(r"(\d{1,2})[:;]([0-5]\d)[:;]([0-5]\d)([:;])(\d{1,3})(?:[.,](\d{1,18}))?", re.ASCII)
_CLOCK_WITH_MS: Final = re.compile(r"\d{1,2}:[0-5]\d:[0-5]\d[.,]\d{1,9}", re.ASCII)
ACCEPTED: Final = "expected a timecode HH:MM:SS:FF.sss such as 14:03:52:28.207"
MILLISECONDS: Final = f"the last field looks like milliseconds; {ACCEPTED}, FF counting frames"

_DAY_S: Final = 24 * 3600
# 60 frames a second are 17 ms apart, 120 are 8; a recording of every eighth frame is none.
_LEAST_STEP_MS: Final = 8


class Timecode(NamedTuple):
    """One timecode."""

    second: int
    """Of the day."""
    frame: int
    """Within the second."""
    part: float = 0.0
    """Of a frame; some programs put the part of the second here (grid.py)."""
    drop_frame: bool = False
    digits: int = 2
    """That the frame is written with."""


def write(frame: int, fps: Fraction) -> str:
    """The timecode of frame number ``frame``, counted without drops at the next whole rate (30 for 29.97)."""
    second, within = divmod(frame, math.ceil(fps))
    second %= _DAY_S
    return f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}:{within:02d}.000"


def read(text: str) -> Timecode | None:
    """Read one; None when it is not a timecode."""
    match = _PATTERN.fullmatch(text)
    if match is None:
        return None
    hours, minutes, seconds, separator, frame, part = match.groups()
    second = int(hours) * 3600 + int(minutes) * 60 + int(seconds)
    return Timecode(second, int(frame), float(f"0.{part or 0}"), separator == ";", len(frame))


def is_clock(text: str) -> bool:
    """Whether it is a time of the day with milliseconds, HH:MM:SS.sss."""
    return _CLOCK_WITH_MS.fullmatch(text) is not None


def are_milliseconds(timecodes: Sequence[Timecode]) -> bool:
    """Whether what stands in the place of frames counts milliseconds: three digits, no part, and too large a step."""
    if any(timecode.digits != 3 or timecode.part for timecode in timecodes):
        return False
    frames = [timecode.frame for timecode in timecodes]
    steps = sorted(after - before for before, after in pairwise(frames) if after > before)
    return max(frames) >= MAX_FPS or (bool(steps) and steps[len(steps) // 2] >= _LEAST_STEP_MS)


def positions(timecodes: Sequence[Timecode], per_second: int) -> list[float]:
    """How many frames after the first each one is, at ``per_second`` numbers a second. Midnight may lie between."""
    dropped = round(per_second / 15) if timecodes[0].drop_frame else 0
    day = _number(_DAY_S, per_second, dropped)
    first = timecodes[0]
    start = _number(first.second, per_second, dropped) + first.frame
    found = []
    for one in timecodes:
        whole = (_number(one.second, per_second, dropped) + one.frame - start) % day
        # What lies before the first one by a little is a fault of the file, not the next day.
        whole = whole - day if whole > day // 2 else whole
        found.append(whole + one.part - first.part)
    return found


def _number(second: int, per_second: int, dropped: int) -> int:
    """The frame with which a second begins (its numbers may begin later, where some are left out)."""
    minutes = second // 60
    return second * per_second - dropped * (minutes - minutes // 10)
