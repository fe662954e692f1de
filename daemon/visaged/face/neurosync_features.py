"""NeuroSync's acoustic features of a whole clip: 256 numbers per 60 fps frame, equal to the original recipe's to 1e-4.

Columns 0..22: cepstra, each with the clip's mean taken off and divided by its deviation. 23..45 and 46..68: their first
and second slopes. 69..255: the autocorrelation at lags 1..187. Everything is measured at 120 frames a second and
averaged in pairs. The original takes an ``np.correlate`` per frame in a loop; here spectra do it, on every core
(figures: docs/benchmarks.md, neurosync_features). The streaming form is neurosync_stream.py.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np
from numpy.typing import NDArray

from visaged.face.neurosync_autocorrelation import LAGS, Autocorrelation
from visaged.face.neurosync_cepstra import CEPSTRA, DYNAMIC_RANGE_DB, SLOPE_WIDTH, Matrix, cosines, slopes
from visaged.face.neurosync_mel import BANDS, FRAME, RATE_HZ, STRIDE, Frames, MelLevels

FEATURES: Final = 3 * CEPSTRA + LAGS
"""256 columns."""
SHORTEST: Final = FRAME + (SLOPE_WIDTH - 1) * STRIDE
"""Samples that a clip must have (83 ms): slopes are fitted over nine frames."""

Features = NDArray[np.float32]
"""float32 [frames, 256]."""
Measure = Callable[[Frames, Matrix], None]
"""Writes what it measures of frames (at most 64) into the rows of a matrix."""

# Frames at a time: what is worked on stays in the second-level cache.
_BLOCK: Final = 64
# Beyond this the memory is the bottleneck.
_MOST_THREADS: Final = 4
# Keeps the deviation of a constant coefficient from dividing by zero.
_LEAST_DEVIATION: Final = 1e-10
# At a clip's ends the original copies the neighbour's autocorrelation into a frame that is next to nothing.
_NOTHING: Final = 1e-7


class TooShort(ValueError):
    """A clip too short to be measured; says how long it is and must be."""


def normalise(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """``sound`` at full scale: divided by its peak, as the original does before anything else. Silence stays."""
    peak = np.abs(sound).max(initial=0)
    return sound / peak if peak > 0 else sound


def features(sound: NDArray[np.float32]) -> Features:
    """The features of ``sound`` (float32 [n], 88.2 kHz, at full scale): float32 [frames, 256], 60 frames a second.

    Raises TooShort.
    """
    if len(sound) < SHORTEST:
        raise TooShort(
            f"{1000 * len(sound) / RATE_HZ:.0f} ms of sound; at least {1000 * SHORTEST / RATE_HZ:.0f} ms are needed"
        )
    margin = FRAME // 2
    padded = np.zeros(len(sound) + 2 * margin)
    padded[margin:-margin] = sound
    levels = _measured(padded, BANDS, lambda: MelLevels(_BLOCK).decibels)
    # The original mirrors the sound at its ends for the autocorrelation, and has silence there for the cepstra.
    padded[:margin] = padded[2 * margin : margin : -1]
    padded[-margin:] = padded[-margin - 2 : -2 * margin - 2 : -1]
    lags = _measured(padded, LAGS, lambda: Autocorrelation(_BLOCK).relative)
    for end, neighbour in ((0, 1), (-1, -2)):
        if np.abs(lags[end]).max() < _NOTHING:
            lags[end] = lags[neighbour]
    cepstra = _normal_cepstra(levels)
    return in_pairs(np.hstack((cepstra, slopes(cepstra, 1), slopes(cepstra, 2), lags)))


def in_pairs(frames: Matrix) -> Matrix:
    """120 frames a second to 60: the mean of each two; one that is left over stays as it is."""
    whole = frames[: len(frames) // 2 * 2]
    pairs = (whole[::2] + whole[1::2]) * np.float32(0.5)
    return np.concatenate((pairs, frames[len(whole) :]))


def _normal_cepstra(levels: Matrix) -> Matrix:
    np.maximum(levels, levels.max() - np.float32(DYNAMIC_RANGE_DB), out=levels)
    cepstra = (levels @ cosines()).astype(np.float64)
    return np.asarray((cepstra - cepstra.mean(axis=0)) / (cepstra.std(axis=0) + _LEAST_DEVIATION), np.float32)


def _measured(padded: NDArray[np.float64], width: int, make: Callable[[], Measure]) -> Matrix:
    """What ``make()`` measures of every frame of ``padded``: float32 [frames, width]."""
    frames = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[::STRIDE]
    out = np.empty((len(frames), width), np.float32)
    threads = min(len(os.sched_getaffinity(0)), _MOST_THREADS)

    def work(first: int) -> None:
        measure = make()
        for start in range(first * _BLOCK, len(frames), threads * _BLOCK):
            measure(frames[start : start + _BLOCK], out[start : start + _BLOCK])

    # numpy lets go of the interpreter in transforms and products, so threads do run side by side.
    with ThreadPoolExecutor(threads, "features") as pool:
        list(pool.map(work, range(threads)))  # asked for, so that an error in a thread is not lost
    return out
