"""Reading and writing by the name of the file."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path
from typing import Final

from visaged.recording.base import Recording, RecordingError
from visaged.recording.csv_file import read_csv, write_csv
from visaged.recording.npz_file import read_npz, write_npz

FORMATS: Final = (".csv", ".npz")


def read(path: Path, fps: Fraction | None = None) -> Recording:
    """Read a recording; ``fps`` overrides the rate in the file. Raises RecordingError or OSError."""
    return read_csv(path, fps) if _format(path) == ".csv" else read_npz(path, fps)


def write(path: Path, recording: Recording) -> None:
    """Write a recording: as a whole, or not at all. Raises RecordingError (the name of the file) or OSError."""
    save = write_csv if _format(path) == ".csv" else write_npz
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        save(part, recording)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _format(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise RecordingError(f"'{path.name}' is neither {' nor '.join(FORMATS)}")
    return suffix
