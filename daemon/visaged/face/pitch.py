"""The pitch of a voice, once per 60 fps step: the normalised difference function on sound decimated to 9.6 kHz.

Method: P. McLeod, G. Wyvill, "A smarter way to find pitch", ICMC 2005 (a normalised autocorrelation by FFT, the
first of the tall peaks, refined by a parabola).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from visaged.decimate import Decimator
from visaged.face.solver import HOP, Sound

# The lowest rate that Decimator makes: harmonics to 3.8 kHz are plenty for a pitch below 400 Hz.
_RATE_HZ: Final = 9_600
# Deep men to excited children.
_LOWEST_HZ: Final = 65.0
_HIGHEST_HZ: Final = 420.0
_SHORTEST: Final = int(_RATE_HZ / _HIGHEST_HZ)
_LONGEST: Final = int(_RATE_HZ / _LOWEST_HZ) + 1
# Two periods of the deepest voice and a little: 33 ms.
_WINDOW: Final = 320
# Long enough that the longest lag does not wrap around.
_FFT: Final = 480
# The first peak this close to the tallest is the period; the tallest itself is often a multiple of it.
_FIRST_PEAK_SHARE: Final = 0.88
# Below -60 dBFS there is nothing worth a pitch.
_QUIET_POWER: Final = 1e-6


@dataclass
class PitchState:
    """One stream: the decimator's history and the last 33 ms at 9.6 kHz."""

    history: Sound
    window: NDArray[np.float32]
    found: tuple[float, float] = (0.0, 0.0)
    """Pitch in Hz and periodicity, as of the last look."""
    looks: bool = True
    """Whether the next step looks."""


class PitchTracker:
    """Scratch memory and the decimator. For one thread."""

    def __init__(self) -> None:
        self._decimator = Decimator(_RATE_HZ, HOP)
        self._centred = np.zeros(_WINDOW)
        self._energy = np.zeros(_WINDOW + 1)
        self._lags = np.arange(_LONGEST + 2)

    def initial_state(self) -> PitchState:
        """A stream that has heard nothing but silence."""
        return PitchState(self._decimator.initial_state(), np.zeros(_WINDOW, np.float32))

    def step(self, sound: Sound, state: PitchState) -> tuple[float, float]:
        """Hear ``sound`` (float32 [800]); ``state`` is moved on in place.

        Returns the pitch in Hz (0 where there is none) and how periodic the sound is (0 noise .. 1 a steady vowel).
        Both belong to the middle of 33 ms of sound. They are looked for at every second step: a voice's pitch moves
        little in 33 ms, and this is a tenth of what hearing costs.
        """
        hop = self._decimator.hop
        state.window[:-hop] = state.window[hop:]
        self._decimator.step(sound, state.history, state.window[-hop:])
        if state.looks:
            state.found = self._look(state)
        state.looks = not state.looks
        return state.found

    def _look(self, state: PitchState) -> tuple[float, float]:
        np.subtract(state.window, state.window.mean(), out=self._centred)
        np.cumsum(np.square(self._centred), out=self._energy[1:])
        total = self._energy[-1]
        if total < _QUIET_POWER * _WINDOW:
            return 0.0, 0.0
        spectrum = np.fft.rfft(self._centred, _FFT)
        correlation = np.fft.irfft(spectrum.real**2 + spectrum.imag**2, _FFT)[: _LONGEST + 2]
        # m(lag): the energy of the two overlapping parts.
        overlap = self._energy[_WINDOW - self._lags] + total - self._energy[self._lags]
        return _first_tall_peak(2.0 * correlation / (overlap + 1e-9))


def _first_tall_peak(likeness: NDArray[np.float64]) -> tuple[float, float]:
    """Pitch in Hz and periodicity from the normalised difference function over lags 0 .. ``_LONGEST`` + 1."""
    middle = likeness[_SHORTEST : _LONGEST + 1]
    is_peak = (middle > likeness[_SHORTEST - 1 : _LONGEST]) & (middle >= likeness[_SHORTEST + 1 : _LONGEST + 2])
    peaks = np.flatnonzero(is_peak)
    if not len(peaks):
        return 0.0, 0.0
    heights = middle[peaks]
    lag = int(peaks[np.argmax(heights >= _FIRST_PEAK_SHARE * heights.max())]) + _SHORTEST
    before, here, after = likeness[lag - 1 : lag + 2]
    if here <= 0.0:
        return 0.0, 0.0
    curvature = before - 2.0 * here + after
    shift = 0.5 * (before - after) / curvature if curvature < 0.0 else 0.0
    return float(_RATE_HZ / (lag + shift)), float(min(here, 1.0))
