"""The autocorrelation of 16.7 ms frames at lags 1 to 187 (2.1 ms), through their power spectrum.

By the Wiener-Khinchin theorem the autocorrelation is the transform of the power spectrum; zero padding to more than
frame plus longest lag keeps it from wrapping around. The way back is a product with a cosine table, as only an eighth
of the lags is wanted: an even lag's cosine is the same at bin m and at bin 864 - m, an odd lag's the negative, so the
spectrum is folded first and the table is half as long.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from visaged.face.neurosync.features.mel import FRAME, Frames, Matrix

LAGS: Final = 187

# At least 1470 + 187; 2^6 3^3 is quick to transform.
_FFT: Final = 1728
_BINS: Final = _FFT // 2 + 1
_FOLDED: Final = _BINS // 2 + 1


class Autocorrelation:
    """Window and scratch memory for up to ``most`` frames at a time; holds nothing of the stream."""

    def __init__(self, most: int) -> None:
        self._window = np.hanning(FRAME).astype(np.float32)
        self._mean = np.zeros((most, 1), np.float32)
        self._energy = np.zeros((most, 1), np.float32)
        self._centred = np.zeros((most, FRAME), np.float32)
        # In double precision, for numpy's single-precision transforms are three times slower.
        self._padded = np.zeros((most, _FFT))
        self._power = np.zeros((most, _BINS), np.float32)
        self._imaginary = np.zeros((most, _BINS), np.float32)
        self._folded = np.zeros((most, _FOLDED), np.float32)
        self._lags = np.zeros((2, most, LAGS // 2 + 1), np.float32)

    def transform(self, frames: Frames) -> None:
        """Take the power spectra of ``frames`` (float32 [n, 1470]), each less its mean and under a Hann window."""
        part = slice(len(frames))
        mean, centred, padded = self._mean[part], self._centred[part], self._padded[part]
        power, imaginary = self._power[part], self._imaginary[part]
        np.mean(frames, axis=1, keepdims=True, out=mean)
        np.subtract(frames, mean, out=centred)
        np.multiply(centred, self._window, out=padded[:, :FRAME])
        bins = np.fft.rfft(padded)
        np.square(bins.real, out=power, casting="same_kind")
        np.square(bins.imag, out=imaginary, casting="same_kind")
        np.add(power, imaginary, out=power)

    def finish(self, out: Matrix) -> None:
        """r[1..187] / r[0] of the n frames last transformed, into ``out`` (float32 [n, 187]); 0 for silence."""
        self._normalise(len(out))
        self._lags_of(self._power[: len(out)], out)

    def finish_pairs(self, out: Matrix) -> None:
        """The same, the mean of each two of the 2 n frames last transformed, into ``out`` (float32 [n, 187]).

        Means are taken of the spectra: half the products.
        """
        count = 2 * len(out)
        self._normalise(count)
        first, second = self._power[0:count:2], self._power[1:count:2]
        np.add(first, second, out=first)
        np.multiply(first, np.float32(0.5), out=first)
        self._lags_of(first, out)

    def _normalise(self, count: int) -> None:
        """Divide the spectra by what makes r[0] 1."""
        power, energy = self._power[:count], self._energy[:count]
        np.matmul(power, energy_weights(), out=energy)
        # Rounding leaves a constant frame something next to nothing: as in silence, there is no period to be found.
        energy[energy <= np.finfo(np.float32).tiny] = np.inf
        np.divide(power, energy, out=power)

    def _lags_of(self, power: Matrix, out: Matrix) -> None:
        count = len(out)
        folded, (even, odd) = self._folded[:count], self._lags[:, :count]
        mirrored = power[:, : _FOLDED - 2 : -1]
        np.add(power[:, :_FOLDED], mirrored, out=folded)
        np.matmul(folded, cosine_table(0), out=even)
        np.subtract(power[:, :_FOLDED], mirrored, out=folded)
        np.matmul(folded, cosine_table(1), out=odd)
        out[:, ::2] = odd
        out[:, 1::2] = even[:, 1:]


@cache
def energy_weights() -> NDArray[np.float32]:
    """Power spectrum to r[0], on the scale of ``cosine_table``: float32 [865, 1]."""
    weights = np.ones((_BINS, 1), np.float32)
    # 0 Hz and the highest have no mirror image among the negative frequencies.
    weights[[0, -1]] = 0.5
    return weights


@cache
def cosine_table(parity: int) -> NDArray[np.float32]:
    """Folded spectrum to even (0) or odd (1) lags from 0 to 187: float32 [433, 94]."""
    lags = np.arange(parity, LAGS + 1, 2)
    table = np.cos(2 * np.pi * np.outer(np.arange(_FOLDED), lags) / _FFT)
    # 0 Hz has no mirror image among the negative frequencies, and the middle bin folds onto itself.
    table[0] /= 2
    table[-1] /= 2
    return np.asarray(table, np.float32)
