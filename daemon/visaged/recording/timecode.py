"""``HH:MM:SS:FF.sss``, the time of a row in a Live Link Face CSV: FF counts the frames of the second, sss is a part."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Final, NamedTuple

_PATTERN: Final = re.compile(r"(\d{1,2}):([0-5]\d):([0-5]\d):(\d{1,3}(?:\.\d+)?)", re.ASCII)
ACCEPTED: Final = "expected a timecode HH:MM:SS:FF.sss such as 14:03:52:28.207"

# What a recording that is too short to tell was probably made at: what the app does.
_USUAL_FPS: Final = (60, 120, 240)
_DAY_S: Final = 24 * 3600


class Timecode(NamedTuple):
    """One timecode."""

    second: int
    """Of the day."""
    frame: float
    """Within the second."""


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
    hours, minutes, seconds, frame = match.groups()
    return Timecode(int(hours) * 3600 + int(minutes) * 60 + int(seconds), float(frame))


def guess_fps(timecodes: Sequence[Timecode]) -> Fraction:
    """The rate at which these count: seen where a second is full, else the usual one that has room for them."""
    fullest = 0.0
    for before, after in pairwise(timecodes):
        if (after.second - before.second) % _DAY_S == 1:
            # Of two neighbours the rate is their distance across the full second; where a frame is missing, it is less.
            fullest = max(fullest, before.frame - after.frame + 1)
    highest = max(timecode.frame for timecode in timecodes)
    if fullest > highest - 1 and fullest >= 1:
        return Fraction(round(fullest))
    return Fraction(next((fps for fps in _USUAL_FPS if highest < fps), _USUAL_FPS[-1]))


def places(timecodes: Sequence[Timecode], fps: Fraction) -> list[int]:
    """Which frame of an even grid each row is, the first being 0. Midnight may lie in between."""
    per_second = math.ceil(fps)
    first = timecodes[0]
    return [
        round((timecode.second - first.second) % _DAY_S * per_second + timecode.frame - first.frame)
        for timecode in timecodes
    ]
