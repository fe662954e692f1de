"""The NPZ of a recording: ``curves`` float32 [frames, 61], ``fps`` (a number) and ``names`` (61 texts)."""

from __future__ import annotations

import zipfile
import zlib
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np

from visaged.curves import COUNT, CURVES
from visaged.recording.base import COLUMN_COUNTS, EMOTIONS, Recording, RecordingError

# 30000/1001 comes back exactly from a double when denominators are held this small.
_MAX_DENOMINATOR: Final = 100_000
_EXPECTED: Final = "expected an NPZ with curves float32 [frames, 61], fps and names"


def write_npz(path: Path, recording: Recording) -> None:
    """Write the file. Raises OSError."""
    with path.open("wb") as file:
        np.savez_compressed(file, curves=recording.curves, fps=np.float64(recording.fps), names=np.array(CURVES))


def read_npz(path: Path, fps: Fraction | None = None) -> Recording:
    """Read the file; ``fps`` overrides the rate in it. Raises RecordingError or OSError."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise RecordingError(f"{path} is not an NPZ; {_EXPECTED}")
            arrays: dict[str, np.ndarray[Any, Any]] = {}
            for key in ("curves", "fps", "names"):
                if key not in archive:
                    raise RecordingError(f"{path} has no '{key}'; {_EXPECTED}")
                arrays[key] = archive[key]
    except RecordingError:
        raise
    # What numpy and zipfile raise for files that are something else, cut off or damaged (a size beyond all memory, a
    # flag that says encrypted).
    except (ValueError, EOFError, KeyError, RuntimeError, MemoryError, zipfile.BadZipFile, zlib.error) as error:
        raise RecordingError(f"{path} cannot be read: {error}; {_EXPECTED}") from None
    curves, names = arrays["curves"], arrays["names"]
    if curves.ndim != 2 or curves.shape[1] not in COLUMN_COUNTS or curves.dtype.kind != "f":
        raise RecordingError(f"{path}: curves are {curves.dtype} {list(curves.shape)}; {_EXPECTED}")
    wanted = (*CURVES, *EMOTIONS)[: curves.shape[1]]
    if names.shape != (len(wanted),) or tuple(str(name) for name in names) != wanted:
        raise RecordingError(f"{path}: names are not the {len(wanted)} curves in the order of the wire")
    try:
        return Recording(curves[:, :COUNT].astype(np.float32), _fps(path, arrays["fps"]) if fps is None else fps)
    except RecordingError as error:
        raise RecordingError(f"{path}: {error}") from None


def _fps(path: Path, array: np.ndarray[Any, Any]) -> Fraction:
    if array.size != 1 or array.dtype.kind not in "iuf" or not np.isfinite(array).all():
        raise RecordingError(f"fps is {array.dtype} {list(array.shape)}, expected one number")
    return Fraction(float(array.reshape(())[()])).limit_denominator(_MAX_DENOMINATOR)
