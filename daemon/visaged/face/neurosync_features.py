"""NeuroSync's acoustic features of a whole clip: 256 numbers per 60 fps frame, equal to the original recipe's to 1e-4.

Columns 0..22: cepstra, each with the clip's mean taken off and divided by its deviation. 23..45 and 46..68: their first
and second slopes. 69..255: the autocorrelation at lags 1..187. Everything is measured at 120 frames a second and
averaged in pairs. The original takes an ``np.correlate`` per frame in a loop; here spectra do it, on two cores
(figures: docs/benchmarks.md, neurosync_features). The streaming form is neurosync_stream.py.
"""

from __future__ import annotations

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

# Frames at a time: what is worked on stays in the cache, and products are so small that the library's own threads stay
# out (OpenBLAS with AVX-512: up to a million multiplications). They waited for each other, and for ours: on a busy
# machine blocks of 64 took 59 ms of CPU for 10 s of sound, where 23 would have done.
_BLOCK: Final = 24
# The original adds it to the deviation, so that a constant coefficient is divided by something.
_LEAST_DEVIATION: Final = 1e-10
# A coefficient that varies by less (in dB) varies by rounding: it is constant, as in silence.
_ROUNDING_DB: Final = 1e-3
# At a clip's ends the original copies the neighbour's autocorrelation into a frame that is next to nothing.
_NOTHING: Final = 1e-7


class Measure(Protocol):
    """What is taken of frames (neurosync_mel.py)."""

    width: int

    def transform(self, frames: Frames) -> None: ...
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
    # numpy lets go of the interpreter in transforms and products, so the two run side by side.
    with ThreadPoolExecutor(1, "features") as beside:
        # The original mirrors the sound at its ends for the autocorrelation, and has silence there for the cepstra.
        lags_later = beside.submit(_measured, sound, Autocorrelation(_BLOCK), mirrored=True)
        cepstra = _normal_cepstra(_measured(sound, MelLevels(_BLOCK), mirrored=False))
        lags = lags_later.result()
    for end, neighbour in ((0, 1), (-1, -2)):
        if np.abs(lags[end]).max() < _NOTHING:
            lags[end] = lags[neighbour]
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


def _measured(sound: NDArray[np.float32], measure: Measure, *, mirrored: bool) -> Matrix:
    """What ``measure`` takes of every frame of ``sound``: float32 [frames, width]. Frame k is centred on 735 k."""
    count = 1 + len(sound) // STRIDE
    out = np.empty((count, measure.width), np.float32)
    block = np.zeros((_BLOCK - 1) * STRIDE + FRAME, np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(block, FRAME)[::STRIDE]
    for first in range(0, count, _BLOCK):
        some = min(_BLOCK, count - first)
        _cut(sound, first * STRIDE - FRAME // 2, block, mirrored=mirrored)
        measure.transform(frames[:some])
        measure.finish(out[first : first + some])
    return out


def _cut(sound: NDArray[np.float32], start: int, out: NDArray[np.float32], *, mirrored: bool) -> None:
    """Fill ``out`` with ``sound`` from sample ``start`` on; before and after it: its mirror image, or silence."""
    stop = start + len(out)
    low, high = max(start, 0), min(stop, len(sound))
    out[low - start : high - start] = sound[low:high]
    out[: low - start] = sound[low - start : 0 : -1] if mirrored else 0
    after = stop - high
    out[len(out) - after :] = 0
    if mirrored and after:
        # Of the last block more may be left over than the sound has to mirror; no frame reaches that far.
        image = sound[-2 : -2 - after : -1]
        out[high - start : high - start + len(image)] = image
