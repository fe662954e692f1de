"""The first two formants by selective linear prediction.

J. Makhoul, "Spectral linear prediction: properties and applications", IEEE Trans. ASSP 23 (1975): the all-pole model is
fitted to a part of the power spectrum (here 0 - 5.5 kHz), as decimation to 11 kHz would do, but without a filter.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from visaged.face.spectrum import BIN_HZ, Spectrum

# A vocal tract has about one formant per kHz: five below 5.5 kHz, two poles each, and two more for the tilt.
_ORDER: Final = 12
_TOP_BIN: Final = round(5500 / BIN_HZ)
_RATE_HZ: Final = 2 * _TOP_BIN * BIN_HZ
# Voices fall by 6 dB per octave at the lips; undone, so that F2 is not lost beside F1.
_PRE_EMPHASIS: Final = 0.97
# -50 dB of white noise under the spectrum keeps the equations solvable for pure tones and silence.
_WHITE: Final = 1e-5
# Poles wider than this belong to the tilt of the spectrum, not to a formant.
_MAX_BANDWIDTH_HZ: Final = 500.0
# Where the formants of people (children included) lie; Peterson & Barney 1952, with a margin.
_F1_HZ: Final = (200.0, 1100.0)
_F2_HZ: Final = (600.0, 3200.0)
_MIN_DISTANCE_HZ: Final = 150.0


class FormantFinder:
    """Tables and scratch memory; holds nothing of the stream."""

    def __init__(self) -> None:
        angle = np.pi * np.arange(_TOP_BIN + 1) / _TOP_BIN
        emphasis = 1 + _PRE_EMPHASIS**2 - 2 * _PRE_EMPHASIS * np.cos(angle)
        # Trapezoid: the two ends of the spectrum belong half to its mirror image.
        emphasis[[0, -1]] *= 0.5
        self._to_correlation = np.cos(np.outer(np.arange(_ORDER + 1), angle)) * emphasis
        self._correlation = np.zeros(_ORDER + 1)
        self._lag = np.abs(np.subtract.outer(np.arange(_ORDER), np.arange(_ORDER)))
        self._ridge = np.eye(_ORDER) * _WHITE
        self._companion = np.diag(np.ones(_ORDER - 1), -1)

    def find(self, power: Spectrum) -> tuple[float, float] | None:
        """F1 and F2 in Hz of the power spectrum (float64 [1025]); None where no two resonances stand out."""
        np.dot(self._to_correlation, power[: _TOP_BIN + 1], out=self._correlation)
        energy = self._correlation[0]
        if not energy > 0:
            return None
        self._correlation /= energy
        matrix = self._correlation[self._lag]
        matrix += self._ridge
        try:
            self._companion[0] = np.linalg.solve(matrix, self._correlation[1:])
            poles = np.linalg.eigvals(self._companion)
        except np.linalg.LinAlgError:
            return None
        resonances = []
        for pole in poles.tolist():
            radius = abs(pole)
            if pole.imag > 0 and radius > math.exp(-math.pi * _MAX_BANDWIDTH_HZ / _RATE_HZ):
                resonances.append(math.atan2(pole.imag, pole.real) * _RATE_HZ / (2 * math.pi))
        resonances.sort()
        return _first_two(resonances)


def _first_two(resonances: list[float]) -> tuple[float, float] | None:
    for index, f1 in enumerate(resonances):
        if _F1_HZ[0] <= f1 <= _F1_HZ[1]:
            for f2 in resonances[index + 1 :]:
                if _F2_HZ[0] <= f2 <= _F2_HZ[1] and f2 - f1 >= _MIN_DISTANCE_HZ:
                    return f1, f2
            return None
    return None
