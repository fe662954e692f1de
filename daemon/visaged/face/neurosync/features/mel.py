"""Mel levels of 16.7 ms frames, as NeuroSync was trained on them: 128 Slaney bands from 0 to 44.1 kHz, in dB.

The scale and the bands are those of M. Slaney, "Auditory Toolbox", Interval Research 1998 (librosa's default): linear
to 1 kHz, logarithmic above, each triangle of unit area.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

RATE_HZ: Final = 88_200
"""The model's own rate."""
FRAME: Final = 1470
"""Samples per frame, 16.7 ms."""
STRIDE: Final = 735
"""Samples from frame to frame: 120 frames a second, two per frame of the face."""
BANDS: Final = 128

Frames = NDArray[np.float32]
"""float32 [n, 1470]."""
Matrix = NDArray[np.float32]
"""float32 [frames, columns]."""

_BINS: Final = FRAME // 2 + 1
# Power below this is digital silence (-100 dB): keeps the logarithm finite.
_SILENCE: Final = 1e-10
# Slaney's scale: 200/3 Hz per mel to 1 kHz, then a factor of 6.4 in 27 mels.
_HZ_PER_MEL: Final = 200.0 / 3.0
_LOG_FROM_HZ: Final = 1000.0
_LOG_STEP: Final = float(np.log(6.4)) / 27.0
# The narrow bands lie in the lowest bins: in two parts the product skips most of the zeros.
_NARROW: Final = 96


class MelLevels:
    """Window, bands and scratch memory for up to ``most`` frames at a time; holds nothing of the stream."""

    def __init__(self, most: int) -> None:
        periodic_hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME)
        self._window = periodic_hann.astype(np.float32)
        bands = mel_bands()
        reach = int(np.flatnonzero(bands[:_NARROW].any(axis=0))[-1]) + 1
        start = int(np.flatnonzero(bands[_NARROW:].any(axis=0))[0])
        self._narrow_bins, self._wide_bins = slice(0, reach), slice(start, _BINS)
        self._narrow = np.ascontiguousarray(bands[:_NARROW, self._narrow_bins].T)
        self._wide = np.ascontiguousarray(bands[_NARROW:, self._wide_bins].T)
        # In double precision, for numpy's single-precision transforms are three times slower.
        self._windowed = np.zeros((most, FRAME))
        self._power = np.zeros((most, _BINS), np.float32)
        self._imaginary = np.zeros((most, _BINS), np.float32)

    def transform(self, frames: Frames) -> None:
        """Take the power spectra of ``frames`` (float32 [n, 1470])."""
        part = slice(len(frames))
        windowed, power, imaginary = self._windowed[part], self._power[part], self._imaginary[part]
        np.multiply(frames, self._window, out=windowed)
        bins = np.fft.rfft(windowed)
        np.square(bins.real, out=power, casting="same_kind")
        np.square(bins.imag, out=imaginary, casting="same_kind")
        np.add(power, imaginary, out=power)

    def finish(self, out: Matrix) -> None:
        """Levels in dB, -100 at least, of the n frames last transformed, into ``out`` (float32 [n, 128])."""
        power = self._power[: len(out)]
        np.matmul(power[:, self._narrow_bins], self._narrow, out=out[:, :_NARROW])
        np.matmul(power[:, self._wide_bins], self._wide, out=out[:, _NARROW:])
        np.maximum(out, _SILENCE, out=out)
        np.log10(out, out=out)
        np.multiply(out, np.float32(10), out=out)


@cache
def mel_bands() -> NDArray[np.float32]:
    """The triangles: float32 [128, 736], band by bin."""
    edges_hz = _hz(np.linspace(0.0, _mel(RATE_HZ / 2), BANDS + 2))
    widths_hz = np.diff(edges_hz)
    offsets_hz = edges_hz[:, None] - np.arange(_BINS) * RATE_HZ / FRAME
    rising = -offsets_hz[:-2] / widths_hz[:-1, None]
    falling = offsets_hz[2:] / widths_hz[1:, None]
    area = 2.0 / (edges_hz[2:] - edges_hz[:-2])
    return np.asarray(np.maximum(0.0, np.minimum(rising, falling)) * area[:, None], np.float32)


def _mel(hz: float) -> float:
    if hz < _LOG_FROM_HZ:
        return hz / _HZ_PER_MEL
    return _LOG_FROM_HZ / _HZ_PER_MEL + float(np.log(hz / _LOG_FROM_HZ)) / _LOG_STEP


def _hz(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    knee = _LOG_FROM_HZ / _HZ_PER_MEL
    return np.where(mels < knee, mels * _HZ_PER_MEL, _LOG_FROM_HZ * np.exp(_LOG_STEP * (mels - knee)))
