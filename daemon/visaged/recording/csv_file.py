"""The CSV of the Live Link Face app, and what others write in its name: timecode, count, one column per curve."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from visaged.curves import COUNT
from visaged.printable import printable
from visaged.recording import timecode
from visaged.recording.base import ACCEPTED_VALUES, LARGEST, MAX_FRAMES, Recording, RecordingError
from visaged.recording.columns import HEADER, LEAD, Columns, read_header
from visaged.recording.grid import lay_out, spread
from visaged.recording.table import read_rows
from visaged.recording.timecode import Timecode

HEAD: Final = ",".join(HEADER) + "\n"
"""The first line."""

# A longer gap is two takes, or a broken clock; nothing to be filled in.
_LONGEST_GAP_S: Final = 5


def write_csv(path: Path, recording: Recording) -> None:
    """Write the file, timecodes from midnight on. Raises OSError."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(HEAD)
        for frame, pose in enumerate(recording.curves.tolist()):
            file.write(row(frame, recording.fps, pose))


def row(frame: int, fps: Fraction, pose: Sequence[float]) -> str:
    """The line of frame number ``frame`` since midnight; the 61 values are good to ten places."""
    return f"{timecode.write(frame, fps)},{COUNT},{','.join(f'{value:.10f}' for value in pose)}\n"


def read_csv(path: Path, fps: Fraction | None = None) -> Recording:
    """Read the file; ``fps`` overrides the rate that the timecodes show (29.97 cannot be told from 30).

    Rows that the app dropped, and those in which it saw no face, are filled in evenly; of two for one frame the later
    counts where the frames beside it are taken. Raises RecordingError with line, column and value, or OSError.
    """
    rows = list(_read(path))
    timecodes = [row.time for row in rows]
    if timecode.are_milliseconds(timecodes):
        raise _refusal(path, rows[-1].number, LEAD[0], rows[-1].text, timecode.MILLISECONDS)
    with _named(path):
        grid = lay_out(timecodes, fps)
    for row, (before, after) in zip(rows[1:], pairwise(grid.places), strict=True):
        if not before - 0.5 <= after <= before + _LONGEST_GAP_S * grid.fps:
            accepted = f"expected up to {_LONGEST_GAP_S} s after the line before"
            raise _refusal(path, row.number, LEAD[0], row.text, accepted)
    with _named(path):
        places = spread(grid.places)
        return Recording(_fill_in(places, [row.values for row in rows]), grid.fps)


class _Row(NamedTuple):
    number: int
    """Of its line."""
    text: str
    """Of its timecode."""
    time: Timecode
    values: NDArray[np.float32] | None
    """None: the face was lost."""


def _read(path: Path) -> Iterator[_Row]:
    """The rows. Raises RecordingError, also when there are none or none has a face."""
    lines = read_rows(path)
    header = next(lines, None)
    if header is None:
        raise RecordingError(f"{path} is empty; expected a Live Link Face CSV")
    with _named(path, f" line {header[0]}"):
        columns = read_header(header[1])
    count = faces = 0
    for number, cells in lines:
        count += 1
        if count > MAX_FRAMES:
            raise RecordingError(f"{path} has more than {MAX_FRAMES} rows: cut it in pieces")
        row = _read_row(path, number, cells, columns)
        faces += row.values is not None
        yield row
    if not count:
        raise RecordingError(f"{path} has a header and no frames")
    if not faces:
        raise RecordingError(f"{path} has {count} rows and a face in none of them ({LEAD[1]} 0, or cells left empty)")


def _read_row(path: Path, number: int, cells: list[str], columns: Columns) -> _Row:
    width = len(columns.names)
    if len(cells) < width or any(cells[width:]):
        raise RecordingError(f"{path} line {number}: {len(cells)} columns, expected {width} as in the header")
    time = timecode.read(cells[0])
    if time is None:
        accepted = timecode.MILLISECONDS if timecode.is_clock(cells[0]) else timecode.ACCEPTED
        raise _refusal(path, number, columns.names[0], cells[0], accepted)
    # Any other count is information: how many cells there are is seen.
    lost = cells[1] == "0" or not all(cells[cell] for cell in columns.cells)
    return _Row(number, cells[0], time, None if lost else _values(path, number, cells, columns))


def _values(path: Path, number: int, cells: list[str], columns: Columns) -> NDArray[np.float32]:
    pose = np.zeros(COUNT, np.float32)
    for cell, curve in zip(columns.cells, columns.curves, strict=True):
        text = cells[cell]
        try:
            # A comma is the decimal point of half of Europe. Python reads 1_0 as 10; no other program does.
            value = float("nan" if "_" in text else text.replace(",", "."))
        except ValueError:
            value = float("nan")
        if not abs(value) <= LARGEST:
            raise _refusal(path, number, columns.names[cell], text, ACCEPTED_VALUES)
        pose[curve] = value
    return pose


def _fill_in(places: dict[int, int], poses: list[NDArray[np.float32] | None]) -> NDArray[np.float32]:
    """A pose for every frame up to the last of ``places``, evenly between those that are there."""
    known: dict[int, NDArray[np.float32]] = {}
    for place, row in places.items():
        pose = poses[row]
        if pose is not None:
            known[place] = pose
    frames = sorted(known)
    curves, count = np.stack([known[frame] for frame in frames]), max(places) + 1
    if len(frames) == count:
        return curves
    return np.stack([np.interp(np.arange(count), frames, curve) for curve in curves.T], axis=1).astype(np.float32)


def _refusal(path: Path, number: int, column: str, value: str, accepted: str) -> RecordingError:
    return RecordingError(f"{path} line {number}: {column} is '{printable(value, 40)}', {accepted}")


@contextmanager
def _named(path: Path, where: str = "") -> Iterator[None]:
    """What is raised within says of which file it is."""
    try:
        yield
    except RecordingError as error:
        raise RecordingError(f"{path}{where}: {error}") from None
