"""The short-time power spectrum that the energy solver measures everything on."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from visaged.clock import RATE_HZ

Spectrum = NDArray[np.float64]

# 25 ms holds two periods of a deep voice (80 Hz) and is shorter than the shortest stop closure worth showing (40 ms).
WINDOW: Final = RATE_HZ // 40
# The next power of two; also long enough that the autocorrelation taken from the spectrum does not wrap around.
_FFT: Final = 2048
BIN_HZ: Final = RATE_HZ / _FFT
BINS: Final = _FFT // 2 + 1
# Full scale is 0 dBFS; -120 dB is below any converter's noise and keeps the logarithm finite in digital silence.
SILENCE: Final = 1e-12


class ShortSpectrum:
    """Window, transform and scratch memory; holds nothing of the stream."""

    def __init__(self) -> None:
        # Blackman: hum at full scale leaks into the vowel band by less than the quietest voice; with Hann it would not.
        window = np.blackman(WINDOW)
        # Scaled so that the bins of a full-scale sine add up to 1 (0 dBFS).
        self._window = window * (2.0 / np.sqrt(_FFT * np.sum(window**2)))
        self._windowed = np.zeros(_FFT)
        self._imaginary = np.zeros(BINS)
        self._power = np.zeros(BINS)

    def power(self, sound: NDArray[np.float32]) -> Spectrum:
        """Power per bin (float64 [1025], ``BIN_HZ`` apart, sine at full scale: sum 1) of ``sound`` (float32 [1200]).

        The array returned is overwritten by the next call.
        """
        np.multiply(sound, self._window, out=self._windowed[:WINDOW])
        bins = np.fft.rfft(self._windowed)
        np.square(bins.real, out=self._power)
        np.square(bins.imag, out=self._imaginary)
        self._power += self._imaginary
        return self._power


class Band:
    """A range of frequencies whose level is asked for again and again."""

    def __init__(self, low_hz: float, high_hz: float) -> None:
        self._bins = slice(round(low_hz / BIN_HZ), round(high_hz / BIN_HZ) + 1)

    def level_db(self, power: Spectrum) -> float:
        """Level in dBFS, not below -120."""
        return float(10 * np.log10(np.add.reduce(power[self._bins]) + SILENCE))
