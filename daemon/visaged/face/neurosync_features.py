"""NeuroSync's acoustic features of a whole clip: 256 numbers per 60 fps frame, equal to the original recipe's to 1e-4.

Columns 0..22: cepstra, each with the clip's mean taken off and divided by its deviation. 23..45 and 46..68: their first
and second slopes. 69..255: the autocorrelation at lags 1..187. Everything is measured at 120 frames a second and
averaged in pairs. The original takes an ``np.correlate`` per frame in a loop; here spectra do it, on every core
(figures: docs/benchmarks.md, neurosync_features). The streaming form is neurosync_stream.py.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from visaged.face.neurosync_autocorrelation import LAGS, Autocorrelation
from visaged.face.neurosync_cepstra import CEPSTRA, DYNAMIC_RANGE_DB, SLOPE_WIDTH, cosines, slopes
from visaged.face.neurosync_mel import FRAME, RATE_HZ, STRIDE, Frames, Matrix, MelLevels

FEATURES: Final = 3 * CEPSTRA + LAGS
"""256 columns."""
SHORTEST: Final = FRAME + (SLOPE_WIDTH - 1) * STRIDE
"""Samples that a clip must have (83 ms): slopes are fitted over nine frames."""

Features = NDArray[np.float32]
"""float32 [frames, 256]."""

# Frames that a thread transforms at a time: they stay in its cache.
_PART: Final = 64
# Beyond this the memory is the bottleneck.
_MOST_THREADS: Final = 4
# The original adds it to the deviation, so that a constant coefficient is divided by something.
_LEAST_DEVIATION: Final = 1e-10
# A coefficient that varies by less (in dB) varies by rounding: it is constant, as in silence.
_ROUNDING_DB: Final = 1e-3
# At a clip's ends the original copies the neighbour's autocorrelation into a frame that is next to nothing.
_NOTHING: Final = 1e-7


class Measure(Protocol):
    """What is taken of frames: ``transform`` side by side in threads, ``finish`` in one (neurosync_mel.py)."""

    width: int

    def transform(self, frames: Frames, first: int = 0) -> None: ...
    def finish(self, out: Matrix) -> None: ...


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
    threads = min(len(os.sched_getaffinity(0)), _MOST_THREADS)
    levels = _measured(padded, MelLevels(threads * _PART), threads)
    # The original mirrors the sound at its ends for the autocorrelation, and has silence there for the cepstra.
    padded[:margin] = padded[2 * margin : margin : -1]
    padded[-margin:] = padded[-margin - 2 : -2 * margin - 2 : -1]
    lags = _measured(padded, Autocorrelation(threads * _PART), threads)
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
    deviation = cepstra.std(axis=0)
    normal = (cepstra - cepstra.mean(axis=0)) / (deviation + _LEAST_DEVIATION)
    return np.where(deviation < _ROUNDING_DB, 0, normal).astype(np.float32)


def _measured(padded: NDArray[np.float64], measure: Measure, threads: int) -> Matrix:
    """What ``measure`` takes of every frame of ``padded``: float32 [frames, width]."""
    frames = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[::STRIDE]
    out = np.empty((len(frames), measure.width), np.float32)
    # numpy lets go of the interpreter in transforms, so threads do run side by side. Matrix products may have threads
    # of their own and are left to them.
    with ThreadPoolExecutor(threads, "features") as pool:
        for start in range(0, len(frames), threads * _PART):
            block = frames[start : start + threads * _PART]
            firsts = range(0, len(block), _PART)
            list(pool.map(lambda first, block=block: measure.transform(block[first : first + _PART], first), firsts))
            measure.finish(out[start : start + len(block)])
    return out
