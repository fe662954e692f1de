"""Takes as other programs write them, built from rows: a wave on JawOpen, so that a row at a wrong time is seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from visaged.curves import COUNT, CURVES, INDEX
from visaged.recording.columns import HEADER

JAW = INDEX["JawOpen"]


def wave(row: float) -> float:
    """JawOpen of row number ``row``: steep enough that a neighbour's value is 0.17 off."""
    return float(0.5 + 0.5 * np.sin(0.35 * row))


def pose(row: int) -> list[str]:
    """The cells of one row: other in every curve that is not JawOpen, so that columns cannot be mistaken."""
    cells = [f"{(column + 1) / 100:.10f}" for column in range(COUNT)]
    cells[JAW] = f"{wave(row):.10f}"
    return cells


def expected(rows: Sequence[float] | int) -> NDArray[np.float32]:
    """What a take of these rows is read as."""
    numbers = range(rows) if isinstance(rows, int) else rows
    curves = np.tile(np.arange(1, COUNT + 1, dtype=np.float32) / 100, (len(numbers), 1))
    curves[:, JAW] = [wave(number) for number in numbers]
    return curves


Cells = list[list[str]]


def cells(timecodes: Sequence[str], header: Sequence[str] = HEADER, count: str = str(COUNT)) -> Cells:
    """Header and rows."""
    return [list(header), *([timecode, count, *pose(row)] for row, timecode in enumerate(timecodes))]


def joined(rows: Cells, separator: str = ",", ends: str = "\n") -> str:
    """Rows as a text."""
    return "".join(separator.join(row) + ends for row in rows)


def write(path: Path, rows: Cells, join: Callable[[Cells], str] = joined) -> Path:
    """Write a file."""
    path.write_text(join(rows), encoding="utf-8")
    return path


def even(rows: int, fps: int = 60, first: int = 0) -> list[str]:
    """Timecodes as the app writes them, from frame ``first`` of the day on."""
    return [clock(number, fps) for number in range(first, first + rows)]


def clock(frame: float, fps: int, separator: str = ":") -> str:
    """The timecode of ``frame`` frames after midnight."""
    second, within = divmod(frame, fps)
    second = int(second) % 86400
    return f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}{separator}{within:06.3f}"


def neurosync(rows: int) -> list[str]:
    """As NeuroSync's player writes them: the frame rounded down, behind it the milliseconds of the *second*."""
    timecodes = []
    for row in range(rows):
        minutes, seconds = divmod(row * (1 / 60), 60)
        milliseconds = (seconds - int(seconds)) * 1000
        frame = int(milliseconds / (1000 / 60))
        timecodes.append(f"00:{int(minutes):02}:{int(seconds):02}:{frame:02}.{int(milliseconds):03}")
    return timecodes


def named(names: Sequence[str], rows: int) -> Cells:
    """A take with these columns only, each holding what belongs to its name."""
    at = [CURVES.index(name) for name in names]
    body = [[*pose(row)] for row in range(rows)]
    lead = ["Timecode", "BlendShapeCount"]
    return [[*lead, *names], *([even(rows)[row], str(len(at)), *(body[row][one] for one in at)] for row in range(rows))]
