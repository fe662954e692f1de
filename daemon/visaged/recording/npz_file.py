"""The NPZ of a recording: ``curves`` float32 [frames, 61], ``fps`` (a number) and ``names`` (61 texts)."""

from __future__ import annotations

import errno
import zipfile
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np

from visaged.bounded.zip_file import open_zip
from visaged.curves import COUNT, CURVES
from visaged.file_kind import kind_of_file
from visaged.printable import printable
from visaged.recording.base import COLUMN_COUNTS, EMOTIONS, MAX_FRAMES, Recording, RecordingError

# 30000/1001 comes back exactly from a double when denominators are held this small.
_MAX_DENOMINATOR: Final = 100_000
# Doubles of the longest recording.
_LARGEST_BYTES: Final = MAX_FRAMES * max(COLUMN_COUNTS) * 8 + 4096
# The three, and whatever somebody keeps beside them.
_MOST_ARRAYS: Final = 1000
_LAST_CHARACTER: Final = 0x10FFFF
_EXPECTED: Final = "expected an NPZ with curves float32 [frames, 61], fps and names"


def write_npz(path: Path, recording: Recording) -> None:
    """Write the file. Raises OSError."""
    with path.open("wb") as file:
        np.savez_compressed(file, curves=recording.curves, fps=np.float64(recording.fps), names=np.array(CURVES))


def read_npz(path: Path, fps: Fraction | None = None) -> Recording:
    """Read the file; ``fps`` overrides the rate in it. Raises RecordingError or OSError."""
    try:
        arrays = _read_arrays(path)
    except RecordingError:
        raise
    except OSError as error:
        # A damaged directory points before the beginning of the file; anything else is the disk's own trouble.
        if error.errno != errno.EINVAL:
            raise
        raise RecordingError(f"{path} cannot be read: it is damaged; {_EXPECTED}") from error
    # zipfile and numpy let out whatever a damaged file makes them stumble over: the header of an array is an expression
    # of Python, so besides their own errors those of its tokenizer, of zlib, of struct and of arithmetic.
    except Exception as error:
        kind = kind_of_file(path)
        what = printable(str(error), 200) if isinstance(error, (ValueError, zipfile.BadZipFile)) else "it is damaged"
        if kind is not None and not zipfile.is_zipfile(path):
            what = f"it is {kind.name}"
        raise RecordingError(f"{path} cannot be read: {what}; {_EXPECTED}") from error
    curves, names = arrays["curves"], arrays["names"]
    if curves.ndim != 2 or curves.shape[1] not in COLUMN_COUNTS or curves.dtype.kind != "f":
        raise RecordingError(f"{path}: curves are {curves.dtype} {list(curves.shape)}; {_EXPECTED}")
    wanted = (*CURVES, *EMOTIONS)[: curves.shape[1]]
    if names.shape != (len(wanted),) or _texts(names) != wanted:
        raise RecordingError(f"{path}: names are not the {len(wanted)} curves in the order of the wire")
    try:
        return Recording(curves[:, :COUNT].astype(np.float32), _fps(path, arrays["fps"]) if fps is None else fps)
    except RecordingError as error:
        raise RecordingError(f"{path}: {error}") from None


def _read_arrays(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    """The three arrays. Raises RecordingError, OSError, and anything for a damaged file."""
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    with path.open("rb") as file, open_zip(file, _MOST_ARRAYS) as archive:
        for key in ("curves", "fps", "names"):
            name = f"{key}.npy"
            if name not in archive.namelist():
                raise RecordingError(f"{path} has no '{key}'; {_EXPECTED}")
            # A few kB of zip may unpack to more than the machine has.
            size = archive.getinfo(name).file_size
            if size > _LARGEST_BYTES:
                raise RecordingError(f"{path}: '{key}' has {size >> 20} MiB, at most {_LARGEST_BYTES >> 20} are read")
            with archive.open(name) as member:
                arrays[key] = np.lib.format.read_array(member, allow_pickle=False)
    return arrays


def _texts(names: np.ndarray[Any, Any]) -> tuple[str, ...] | None:
    """The texts; None when they are none. A damaged file has characters beyond Unicode, which str() cannot make."""
    if names.dtype.kind != "U" or not names.dtype.itemsize:
        return None
    order = names.dtype.str[0]
    characters = np.ascontiguousarray(names).view(f"{order}u4")
    return None if (characters > _LAST_CHARACTER).any() else tuple(map(str, names))


def _fps(path: Path, array: np.ndarray[Any, Any]) -> Fraction:
    if array.size != 1 or array.dtype.kind not in "iuf" or not np.isfinite(array).all():
        raise RecordingError(f"fps is {array.dtype} {list(array.shape)}, expected one number")
    return Fraction(float(array.reshape(())[()])).limit_denominator(_MAX_DENOMINATOR)
