"""The 768-point spectrum of 600 samples in two stages: 0.25 MB of tables in place of 1.2.

With n = 24 a + b and k = r + 32 q: X[k] = sum_b e^(-2 pi i k b / 768) sum_a x[24 a + b] e^(-2 pi i r a / 32).
The inner sum depends on k mod 32 only; of real sound, residues 0 to 16 say all, since X[768 - k] is the
conjugate of X[k].
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

POINTS: Final = 768
COLUMNS: Final = 24
"""b: the samples of a window lie as [25, 24]."""
RESIDUES: Final = 17


class Tables(NamedTuple):
    """For ``bins`` bins from 0 on."""

    inner: Array
    """[34, 25]: residue r, then real and imaginary part, of each column."""
    outer: Array
    """[17, 48, 2 x places]: per residue, from the columns' real (24) and imaginary (24) parts to those of its bins."""
    bins: NDArray[np.int64]
    """[17, places]: which bin lies where; -1: none, its values are zero."""


def tables(rows: int, bins: int) -> Tables:
    """``rows``: of 24 samples that a window holds."""
    angle = 2 * np.pi * np.outer(np.arange(RESIDUES), np.arange(rows)) / (POINTS // COLUMNS)
    inner = np.stack([np.cos(angle), -np.sin(angle)], axis=1).reshape(2 * RESIDUES, rows)
    step = POINTS // COLUMNS
    of_residue = [
        # Bins of the residue itself, and those whose mirror image has it.
        [(k, 1) for k in range(r, bins, step)] + [(k, -1) for k in range(step - r, bins, step) if 0 < r < step // 2]
        for r in range(RESIDUES)
    ]
    places = max(map(len, of_residue))
    outer = np.zeros((RESIDUES, 2 * COLUMNS, 2 * places))
    where = np.full((RESIDUES, places), -1, np.int64)
    columns = np.arange(COLUMNS)
    for r, found in enumerate(of_residue):
        for place, (k, side) in enumerate(found):
            where[r, place] = k
            # For a mirrored bin the spectrum at 768 - k is taken, which has the residue r and the same power.
            turn = 2 * np.pi * (side * k) * columns / POINTS
            outer[r, :COLUMNS, place], outer[r, COLUMNS:, place] = np.cos(turn), np.sin(turn)
            outer[r, :COLUMNS, places + place], outer[r, COLUMNS:, places + place] = -np.sin(turn), np.cos(turn)
    return Tables(inner, outer, where)


def banks(filters: Array, where: NDArray[np.int64]) -> Array:
    """``filters`` [bins, bands] -> [17 x 2 x places, bands]: for the squares of both parts, as they lie."""
    rows = np.where(where[..., None] >= 0, filters[np.maximum(where, 0)], 0.0)
    return np.concatenate([rows, rows], axis=1).reshape(-1, filters.shape[1])
