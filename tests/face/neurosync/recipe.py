"""NeuroSync's feature recipe written down literally, frame by frame and slowly, in float64: what ours must equal.

``features`` needs numpy alone. ``librosa_features`` is the recipe as the original runs it, on librosa's functions and
an ``np.correlate`` per frame: the peer that the benchmark times.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
RATE_HZ = 88_200
FRAME = int(0.01667 * RATE_HZ)
HOP = FRAME // 2


def features(sound: Array) -> Array:
    """[frames at 60 fps, 256]."""
    cepstra = normal(mfcc(sound))
    columns = [*cepstra, *(slope(row, order) for order in (1, 2) for row in cepstra)]
    return in_pairs(np.vstack([columns, autocorrelation(sound)]).T)


def librosa_features(sound: NDArray[Any]) -> Array:
    """The same through librosa."""
    import librosa  # noqa: PLC0415

    cepstra = normal(librosa.feature.mfcc(y=sound, sr=RATE_HZ, n_mfcc=23, n_fft=FRAME, hop_length=HOP))
    slopes = [librosa.feature.delta(cepstra, order=order) for order in (1, 2)]
    return in_pairs(np.vstack([cepstra, *slopes, autocorrelation(sound)]).T)


def mfcc(sound: Array) -> Array:
    """[23, frames]."""
    padded = np.concatenate([np.zeros(HOP), sound, np.zeros(HOP)])
    window = [0.5 - 0.5 * math.cos(2 * math.pi * n / FRAME) for n in range(FRAME)]
    filters = mel_filters()
    levels = []
    for start in range(0, len(sound) // HOP * HOP + 1, HOP):
        power = np.abs(np.fft.rfft(padded[start : start + FRAME] * window)) ** 2
        levels.append(10 * np.log10(np.maximum(filters @ power, 1e-10)))
    decibels = np.maximum(levels, np.max(levels) - 80)
    out = np.zeros((23, len(decibels)))
    for k in range(23):
        scale = math.sqrt((1 if k == 0 else 2) / 128)
        out[k] = scale * sum(decibels[:, n] * math.cos(math.pi * k * (n + 0.5) / 128) for n in range(128))
    return out


def mel_filters() -> Array:
    """Slaney's bands [128, 736]."""

    def mel(hz: float) -> float:
        return hz * 3 / 200 if hz < 1000 else 15 + 27 * math.log(hz / 1000) / math.log(6.4)

    def hz(mels: float) -> float:
        return mels * 200 / 3 if mels < 15 else 1000 * 6.4 ** ((mels - 15) / 27)

    edges = [hz(mel(RATE_HZ / 2) * n / 129) for n in range(130)]
    filters = np.zeros((128, FRAME // 2 + 1))
    for band in range(128):
        low, middle, high = edges[band : band + 3]
        for number in range(FRAME // 2 + 1):
            bin_hz = number * RATE_HZ / FRAME
            height = min((bin_hz - low) / (middle - low), (high - bin_hz) / (high - middle))
            filters[band, number] = max(height, 0) * 2 / (high - low)
    return filters


def normal(cepstra: NDArray[Any]) -> NDArray[Any]:
    """Less the mean, by the deviation, of the whole clip."""
    return (cepstra - cepstra.mean(axis=1, keepdims=True)) / (cepstra.std(axis=1, keepdims=True) + 1e-10)


def slope(row: Array, order: int) -> Array:
    """Savitzky-Golay, nine wide, polynomial and derivative of ``order``; at the ends the first and the last fit."""
    out = np.zeros(len(row))
    for at in range(len(row)):
        first = min(max(at - 4, 0), len(row) - 9)
        fit = np.poly1d(np.polyfit(np.arange(9), row[first : first + 9], order))
        out[at] = fit.deriv(order)(at - first)
    return out


def autocorrelation(sound: NDArray[Any]) -> Array:
    """[187, frames]."""
    padded = np.pad(sound, HOP, mode="reflect")
    rows = []
    for start in range(0, len(sound) // HOP * HOP + 1, HOP):
        frame = padded[start : start + FRAME]
        frame = (frame - np.mean(frame)) * np.hanning(FRAME)
        lags = np.correlate(frame, frame, mode="full")[FRAME - 1 : FRAME + 187]
        rows.append(lags / lags[0] if lags[0] != 0 else lags)
    out = np.array(rows).T[1:]
    for end, neighbour in ((0, 1), (-1, -2)):
        if np.all(np.abs(out[:, end]) < 1e-7):
            out[:, end] = out[:, neighbour]
    return out


def in_pairs(frames: NDArray[Any]) -> Array:
    """Pairs averaged, a last odd one kept."""
    whole = len(frames) // 2 * 2
    pairs = (frames[:whole:2] + frames[1:whole:2]) / 2
    return np.vstack([pairs, frames[whole:]])
