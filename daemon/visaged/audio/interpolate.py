"""Sound between the samples: a windowed-sinc interpolator for speeds close to 1."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from visaged.audio.ring import Sound

TAPS: Final = 32
"""Samples that one value is made of: 15 before its position, 16 after."""
BEFORE: Final = TAPS // 2 - 1
AFTER: Final = TAPS // 2

# 512 positions between two samples and a straight line between those keep the error 100 dB down.
_PHASES: Final = 512
# Kaiser window: 80 dB of rejection; with 32 taps it is flat to 20 kHz.
_BETA: Final = 8.0


def _make_table() -> Sound:
    """[_PHASES + 1, TAPS]: row p holds the weights for a position p / _PHASES after its sample."""
    offsets = np.arange(-BEFORE, AFTER + 1)[None, :] - np.arange(_PHASES + 1)[:, None] / _PHASES
    window = np.i0(_BETA * np.sqrt(np.maximum(1 - (offsets / (TAPS / 2)) ** 2, 0))) / np.i0(_BETA)
    weights = np.sinc(offsets) * window
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)


_TABLE: Final = _make_table()
_SLOPES: Final = np.diff(_TABLE, axis=0, append=_TABLE[-1:])


def interpolate(samples: Sound, positions: NDArray[np.float64]) -> Sound:
    """The values of ``samples`` (float32 [n]) at fractional ``positions``, from BEFORE to below n - AFTER."""
    base = np.floor(positions).astype(np.intp)
    phase = (positions - base) * _PHASES
    row = phase.astype(np.intp)
    weights = _TABLE[row] + _SLOPES[row] * (phase - row).astype(np.float32)[:, None]
    windows = np.lib.stride_tricks.sliding_window_view(samples, TAPS)[base - BEFORE]
    values: Sound = np.einsum("ij,ij->i", windows, weights)
    return values
