"""NeuroSync's acoustic features of a whole clip: 256 numbers per 60 fps frame, equal to the original recipe's to 1e-4.

Columns 0..22: cepstra, each with the clip's mean taken off and divided by its deviation. 23..45 and 46..68: their first
and second slopes. 69..255: the autocorrelation at lags 1..187. Everything is measured at 120 frames a second and
averaged in pairs. The original takes an ``np.correlate`` per frame in a loop; here spectra do it, on two cores
(figures: docs/benchmarks.md, neurosync_features). The streaming form is neurosync_stream.py.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from visaged.face.neurosync.features.autocorrelation import LAGS, Autocorrelation
from visaged.face.neurosync.features.cepstra import CEPSTRA, DYNAMIC_RANGE_DB, SLOPE_WIDTH, cosines, slopes
from visaged.face.neurosync.features.mel import BANDS, FRAME, RATE_HZ, STRIDE, Frames, Matrix, MelLevels

FEATURES: Final = 3 * CEPSTRA + LAGS
"""256 columns."""
SHORTEST: Final = FRAME + (SLOPE_WIDTH - 1) * STRIDE
"""Samples that a clip must have (83 ms): slopes are fitted over nine frames."""

Features = NDArray[np.float32]
"""float32 [frames, 256]."""

# Frames at a time: what is worked on stays in the cache, and numpy is called often enough that two threads do not stand
# in each other's way for long, seldom enough that the calls cost little. Products are on one core each (visaged/
# __init__.py): the library's own threads would wait for each other, and for ours.
_BLOCK: Final = 64
# The original adds it to the deviation, so that a constant coefficient is divided by something.
_LEAST_DEVIATION: Final = 1e-10
# A coefficient that varies by less (in dB) varies by rounding: it is constant, as in silence.
_ROUNDING_DB: Final = 1e-3
# At a clip's ends the original copies the neighbour's autocorrelation into a frame that is next to nothing.
_NOTHING: Final = 1e-7


class Measure(Protocol):
    """What is taken of frames (neurosync_mel.py)."""

    def transform(self, frames: Frames) -> None: ...


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
    count = 1 + len(sound) // STRIDE
    levels = np.empty((count, BANDS), np.float32)
    out = np.empty(((count + 1) // 2, FEATURES), np.float32)
    lags = out[:, 3 * CEPSTRA :]
    middle = count // 4 * 2

    def take(first: int, stop: int) -> None:
        mel, paired = MelLevels(_BLOCK), Autocorrelation(_BLOCK)
        _measure(sound, mel, mel.finish, levels[first:stop], first)
        _measure(sound, paired, paired.finish_pairs, lags[first // 2 : stop // 2], first, per_row=2, mirrored=True)

    # numpy lets go of the interpreter in transforms and products, so two halves are measured side by side.
    with ThreadPoolExecutor(1, "features") as beside:
        later = beside.submit(take, middle, count)
        take(0, middle)
        later.result()
    _ends(sound, count, lags)
    cepstra = _normal_cepstra(levels)
    out[:, : 3 * CEPSTRA] = in_pairs(np.hstack((cepstra, slopes(cepstra, 1), slopes(cepstra, 2))))
    return out


def in_pairs(frames: Matrix) -> Matrix:
    """120 frames a second to 60: the mean of each two; one that is left over stays as it is."""
    whole = frames[: len(frames) // 2 * 2]
    pairs = (whole[::2] + whole[1::2]) * np.float32(0.5)
    return np.concatenate((pairs, frames[len(whole) :]))


def _ends(sound: NDArray[np.float32], count: int, lags: Matrix) -> None:
    """The first and last row of ``lags``: their frames by themselves, and one that is next to nothing as the other."""
    measure, two = Autocorrelation(2), np.empty((2, LAGS), np.float32)
    for end, first in ((0, 0), (1, count - 2)):
        _measure(sound, measure, measure.finish, two, first, mirrored=True)
        if np.abs(two[end]).max() < _NOTHING:
            two[end] = two[1 - end]
        lags[-end] = two[1] if end and count % 2 else two.mean(axis=0)


def _normal_cepstra(levels: Matrix) -> Matrix:
    np.maximum(levels, levels.max() - np.float32(DYNAMIC_RANGE_DB), out=levels)
    cepstra = (levels @ cosines()).astype(np.float64)
    deviation = cepstra.std(axis=0)
    normal = (cepstra - cepstra.mean(axis=0)) / (deviation + _LEAST_DEVIATION)
    return np.where(deviation < _ROUNDING_DB, 0, normal).astype(np.float32)


def _measure(
    sound: NDArray[np.float32],
    measure: Measure,
    finish: Callable[[Matrix], None],
    out: Matrix,
    first: int,
    *,
    per_row: int = 1,
    mirrored: bool = False,
) -> None:
    """What ``measure`` takes of the frames of ``sound`` from ``first`` on fills ``out``, ``per_row`` frames a row.

    Frame k is centred on sample 735 k. The original mirrors the sound at its ends for the autocorrelation, and has
    silence there for the cepstra.
    """
    block = np.zeros((_BLOCK - 1) * STRIDE + FRAME, np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(block, FRAME)[::STRIDE]
    for row in range(0, len(out), _BLOCK // per_row):
        rows = out[row : row + _BLOCK // per_row]
        _cut(sound, (first + row * per_row) * STRIDE - FRAME // 2, block, mirrored=mirrored)
        measure.transform(frames[: len(rows) * per_row])
        finish(rows)


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
