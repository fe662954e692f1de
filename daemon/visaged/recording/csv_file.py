"""The CSV that the Live Link Face app writes: a timecode, a count, and one column per curve.

Columns go by position. The app's header names JawLeft / JawRight and MouthLeft / MouthRight the wrong way round: by
what is in them, columns stand in the order of the wire, so that is how they are read and written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from visaged.curves import COUNT, CURVES
from visaged.recording import timecode
from visaged.recording.base import ACCEPTED_VALUES, COLUMN_COUNTS, EMOTIONS, LARGEST, Recording, RecordingError

_SWAPPED: Final = {"JawLeft": "JawRight", "MouthLeft": "MouthRight"}
_APP_NAMES: Final = {**_SWAPPED, **{right: left for left, right in _SWAPPED.items()}}
_LEAD: Final = ("Timecode", "BlendshapeCount")
HEADER: Final = (*_LEAD, *(_APP_NAMES.get(name, name) for name in CURVES))
"""The header as the app writes it."""
# A longer gap is two takes, or a broken clock; nothing to be filled in.
_LONGEST_GAP_S: Final = 5
# Other tools name the columns by what is in them.
_WIRE_HEADER: Final = (*_LEAD, *CURVES)


def write_csv(path: Path, recording: Recording) -> None:
    """Write the file, timecodes from midnight on. Raises OSError."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(",".join(HEADER) + "\n")
        for frame, pose in enumerate(recording.curves.tolist()):
            values = ",".join(f"{value:.10f}" for value in pose)
            file.write(f"{timecode.write(frame, recording.fps)},{COUNT},{values}\n")


def read_csv(path: Path, fps: Fraction | None = None) -> Recording:
    """Read the file; ``fps`` overrides the rate that the timecodes show (29.97 cannot be told from 30).

    Rows that the app dropped are filled in evenly; of two for one frame the later counts. Raises RecordingError with
    line, column and value, or OSError.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise RecordingError(f"{path} is not text; expected a Live Link Face CSV") from None
    while lines and not lines[-1].strip():
        lines.pop()
    if not lines:
        raise RecordingError(f"{path} is empty; expected a Live Link Face CSV")
    columns = _check_header(path, lines[0].split(","))
    if len(lines) == 1:
        raise RecordingError(f"{path} has a header and no frames")
    rows = [_Row(path, number, line, columns) for number, line in enumerate(lines[1:], start=2)]
    times = [row.time() for row in rows]
    rate = timecode.guess_fps(times) if fps is None else fps
    curves = np.array([row.values() for row in rows], np.float32)
    places = timecode.places(times, rate)
    for row, (before, after) in zip(rows[1:], pairwise(places), strict=True):
        if not before <= after <= before + _LONGEST_GAP_S * rate:
            raise row.error("Timecode", f"expected up to {_LONGEST_GAP_S} s after the line before")
    return Recording(_fill_in(places, curves), rate)


def _check_header(path: Path, header: Sequence[str]) -> int:
    """How many curve columns there are."""
    columns = len(header) - len(_LEAD)
    if columns not in COLUMN_COUNTS:
        counts = " or ".join(str(count) for count in COLUMN_COUNTS)
        raise RecordingError(f"{path} line 1: {columns} curve columns, expected {counts} after {', '.join(_LEAD)}")
    names = [name.strip().lower() for name in header]
    accepted = [tuple(name.lower() for name in (*known, *EMOTIONS)) for known in (HEADER, _WIRE_HEADER)]
    for number, name in enumerate(names):
        if name not in {known[number] for known in accepted}:
            expected = (*HEADER, *EMOTIONS)[number]
            raise RecordingError(
                f"{path} line 1: column {number + 1} is '{header[number][:40]}', expected '{expected}'"
            )
    return columns


class _Row:
    def __init__(self, path: Path, number: int, line: str, columns: int) -> None:
        self._path, self._number = path, number
        self._cells = [cell.strip() for cell in line.split(",")]
        if len(self._cells) != columns + len(_LEAD):
            raise RecordingError(
                f"{path} line {number}: {len(self._cells)} columns, expected {columns + len(_LEAD)} as in the header"
            )
        if self._cells[1] not in {str(count) for count in COLUMN_COUNTS}:
            raise self.error("BlendshapeCount", f"expected {COUNT}")

    def error(self, column: str, accepted: str) -> RecordingError:
        value = self._cells[HEADER.index(column)] if column in HEADER else ""
        return RecordingError(f"{self._path} line {self._number}: {column} is '{value[:40]}', {accepted}")

    def time(self) -> timecode.Timecode:
        time = timecode.read(self._cells[0])
        if time is None:
            raise self.error("Timecode", timecode.ACCEPTED)
        return time

    def values(self) -> list[float]:
        return list(self._values())

    def _values(self) -> Iterator[float]:
        for name, cell in zip(HEADER[2:], self._cells[2:], strict=False):
            try:
                # Python reads 1_0 as 10; no other program does.
                value = float("nan" if "_" in cell else cell)
            except ValueError:
                value = float("nan")
            if not abs(value) <= LARGEST:
                raise self.error(name, ACCEPTED_VALUES)
            yield value


def _fill_in(places: Sequence[int], curves: NDArray[np.float32]) -> NDArray[np.float32]:
    count = places[-1] + 1
    if list(places) == list(range(count)):
        return curves
    rows = list({place: row for row, place in enumerate(places)}.items())
    known, kept = [place for place, _ in rows], curves[[row for _, row in rows]]
    return np.stack([np.interp(np.arange(count), known, curve) for curve in kept.T], axis=1).astype(np.float32)
