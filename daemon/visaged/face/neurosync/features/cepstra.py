"""Cepstra and their slopes: what NeuroSync sees of the mel levels. Constant matrices; the work is matrix products."""

from __future__ import annotations

from functools import cache
from math import factorial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from visaged.face.neurosync.features.mel import BANDS, Matrix

CEPSTRA: Final = 23
SLOPE_WIDTH: Final = 9
"""Frames that a slope is fitted over, 75 ms."""
REACH: Final = SLOPE_WIDTH // 2
"""Frames that a slope needs on either side."""
# Levels more than this below the loudest of the clip are raised to it.
DYNAMIC_RANGE_DB: Final = 80.0


@cache
def cosines() -> Matrix:
    """The DCT-II, orthonormal: float32 [128, 23], band by coefficient; levels @ cosines = cepstra."""
    bands = (np.arange(BANDS)[:, None] + 0.5) * np.arange(CEPSTRA) * np.pi / BANDS
    table = np.cos(bands) * np.sqrt(2.0 / BANDS)
    table[:, 0] *= np.sqrt(0.5)
    return np.asarray(table, np.float32)


@cache
def slope_taps(order: int) -> NDArray[np.float64]:
    """Derivative number ``order`` at each of nine frames, from the polynomial of that degree fitted to the nine.

    float64 [9, 9], frame by weight: row 4 is the filter within a stream, the other rows serve its ends (A. Savitzky and
    M. Golay, Analytical Chemistry 36, 1964).
    """
    frames = np.arange(SLOPE_WIDTH, dtype=np.float64)
    taps = np.zeros((SLOPE_WIDTH, SLOPE_WIDTH))
    for at in range(SLOPE_WIDTH):
        powers = np.vander(frames - at, order + 1, increasing=True)
        taps[at] = np.linalg.pinv(powers)[order] * factorial(order)
    return taps


def slopes(cepstra: Matrix, order: int) -> Matrix:
    """Slopes of number ``order`` of a whole clip (float32 [n, 23], n >= 9); at its ends of the first and last fit."""
    taps = slope_taps(order)
    out = np.empty(cepstra.shape, np.float32)
    middle = out[REACH : len(out) - REACH]
    middle[:] = 0
    for tap, weight in enumerate(taps[REACH]):
        middle += np.float32(weight) * cepstra[tap : tap + len(middle)]
    out[:REACH] = taps[:REACH] @ cepstra[:SLOPE_WIDTH]
    out[-REACH:] = taps[-REACH:] @ cepstra[-SLOPE_WIDTH:]
    return out
