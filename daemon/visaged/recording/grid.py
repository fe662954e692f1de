"""The rate of a recording, and the frame of an even grid that each of its rows is.

Timecodes tell neither by themselves. They may count at another rate than the rows come (30 rows a second of a camera,
on a timecode of 60), rows are missing where the program that wrote them was busy, and a number that was rounded down
may be there twice beside one that is not there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from statistics import median
from typing import Final, NamedTuple

from visaged.recording.base import MAX_FRAMES, RecordingError
from visaged.recording.timecode import Timecode, positions

# Rates at which timecodes count, and those that drop frames.
_USUAL: Final = (24, 25, 30, 48, 50, 60, 90, 100, 120, 240)
_DROPPING: Final = (30, 60, 120)
# Rates at which rows may come, on a timecode that counts faster.
_SLOW: Final = (10, 12, 15, 20)
# What a recording that is too short to tell was probably made at: what the app does.
_SHORT: Final = (60, 120, 240)
# By how much of a frame a row may lie beside its place before the places are thought to be wrong.
_BESIDE: Final = 0.34
# Parts of a second that were cut off behind milliseconds, at 60 frames a second.
_CUT_FRAMES: Final = 0.1
# Steps of whole milliseconds tell 60 from 58 and 62 frames a second.
_STEP_TOLERANCE: Final = 0.05


class Grid(NamedTuple):
    """An even grid of frames."""

    fps: Fraction
    places: list[float]
    """Where on it each row lies, in frames from the first row on."""


def lay_out(timecodes: Sequence[Timecode], fps: Fraction | None = None) -> Grid:
    """The grid that the rows were made on; ``fps`` overrides the rate that they show (29.97 cannot be told from 30).

    Raises RecordingError when there is no such rate.
    """
    timed = _by_part_of_second(timecodes)
    rate = timed.fps.numerator if timed else _count_rate(timecodes, fps)
    places = timed.places if timed else positions(timecodes, rate)
    if fps is not None:
        return Grid(fps, [place * math.ceil(fps) / rate for place in places])
    shown = Fraction(rate * 1000, 1001) if timecodes[0].drop_frame else Fraction(rate)
    for rows_a_second in _row_rates(places, rate):
        on_it = [place * rows_a_second / rate for place in places]
        if _fits(on_it):
            return Grid(shown * rows_a_second / rate, on_it)
    return Grid(shown, places)


def spread(places: Sequence[float]) -> dict[int, int]:
    """Frame -> row that is shown there, for rising ``places`` of rows in frames.

    Each row goes to the nearest frame. Of two for one frame one moves to an empty place beside it; where there is none
    the later counts. Raises RecordingError when there are too many frames.
    """
    if places[-1] > MAX_FRAMES:
        raise RecordingError(f"lasts {places[-1]:.0f} frames, at most {MAX_FRAMES} are read: cut it in pieces")
    nearest = [round(place) for place in places]
    rows: dict[int, int] = {}
    last = -1
    for row, wanted in enumerate(nearest):
        following = nearest[row + 1] if row + 1 < len(nearest) else math.inf
        frame = max(wanted, last)
        if frame == last:
            if following > last + 1:
                frame = last + 1
            elif last > 0 and last - 1 not in rows:
                rows[last - 1] = rows[last]
        rows[frame] = row
        last = frame
    return rows


def _count_rate(timecodes: Sequence[Timecode], fps: Fraction | None) -> int:
    """How many numbers a second has. Seen where one second follows another."""
    highest = max(timecode.frame for timecode in timecodes)
    if timecodes[0].drop_frame:
        return _drop_rate(timecodes, highest)
    step = _usual_step(timecodes)
    # What the last of a second and the first of the next are apart, beyond one row, is what the second has.
    seen = [
        before.frame + before.part + step - after.frame - after.part
        for before, after in pairwise(timecodes)
        if after.second - before.second == 1
    ]
    possible = [rate for rate in _USUAL if rate > highest]
    if fps is not None and not seen and highest < math.ceil(fps):
        return math.ceil(fps)
    if not seen or not possible:
        return next((rate for rate in _SHORT if rate > highest), highest + 1)
    # An odd rate is believed when there is a row for every number and several seconds agree: one may have lost its end.
    odd = round(seen[0])
    if step == 1 and len(seen) > 1 and odd > highest and all(abs(rate - odd) < _CUT_FRAMES for rate in seen):
        return odd
    return min(possible, key=lambda rate: abs(rate - median(seen)))


def _drop_rate(timecodes: Sequence[Timecode], highest: int) -> int:
    if highest >= _DROPPING[-1]:
        # At a rate that has no such number rows would lie before the ones that they follow.
        counted = f"drop-frame timecodes count up to {_DROPPING[-1] - 1} in a second"
        raise RecordingError(f"a timecode counts frame {highest} of a second; {counted}")
    step = _usual_step(timecodes)
    for rate in _DROPPING:
        places = positions(timecodes, rate)
        over = [
            after - before
            for (before, after), (one, following) in zip(pairwise(places), pairwise(timecodes), strict=True)
            if following.second != one.second
        ]
        # At too low a rate the next second seems to begin before this one is over.
        if rate > highest and (not over or median(over) > step - 0.5):
            return rate
    return _DROPPING[-1]


def _usual_step(timecodes: Sequence[Timecode]) -> float:
    """From one row to the next within a second, in numbers of the timecode."""
    steps = [
        after.frame + after.part - before.frame - before.part
        for before, after in pairwise(timecodes)
        if after.second == before.second
    ]
    return median([step for step in steps if step > 0] or [1])


def _row_rates(places: Sequence[float], rate: int) -> list[int]:
    """How many rows a second may have, where it is not what the timecode counts."""
    steps = [after - before for before, after in pairwise(places) if after > before]
    if len(steps) < 2 or places[-1] <= 0:
        return []
    per_number = round(len(places) / len(set(places)))
    # Rows that are missing make the mean more than it was meant to be; the median then tells.
    likely = [1 / per_number] if per_number > 1 else [median(steps), places[-1] / (len(places) - 1)]
    found = [round(rate / step) for step in likely]
    return [one for one in found if one != rate and one in (*_SLOW, *_USUAL)]


def _fits(places: Sequence[float]) -> bool:
    """Whether every row has a frame of its own and lies near it."""
    near = all(abs(place - round(place)) <= _BESIDE for place in places)
    return near and places[-1] <= MAX_FRAMES and len(spread(places)) == len(places)


def _by_part_of_second(timecodes: Sequence[Timecode]) -> Grid | None:
    """The grid where the part is that of the *second*, in ms, and the frame was rounded down: NeuroSync's player."""
    times = [timecode.second - timecodes[0].second + timecode.part for timecode in timecodes]
    step = median([after - before for before, after in pairwise(times)] or [0])
    rate = min(_USUAL, key=lambda rate: abs(rate * step - 1))
    if abs(rate * step - 1) > _STEP_TOLERANCE:
        return None
    ahead = [timecode.part * rate - timecode.frame for timecode in timecodes]
    if not all(-_CUT_FRAMES <= one <= 1 + _CUT_FRAMES for one in ahead):
        return None
    return Grid(Fraction(rate), [(time - times[0]) * rate for time in times])
