"""48 kHz to NeuroSync's 88.2 kHz, step by step, with a constant delay of 1 ms.

147 samples come of 80, always at the same places between them: one small matrix makes them all. soxr's streaming
resampler delays by 5 ms at best at this ratio, and its usual modes answer in bursts.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from visaged.clock import RATE_HZ as HOUSE_HZ
from visaged.face.neurosync.features.mel import RATE_HZ
from visaged.face.solver import HOP, Sound

_COMMON: Final = int(np.gcd(RATE_HZ, HOUSE_HZ))
_IN: Final = HOUSE_HZ // _COMMON
_OUT: Final = RATE_HZ // _COMMON
# On either side. With the window below the first image (above 24 kHz) lies 90 dB down, under the features' floor of
# 80 dB, and the pass band reaches 21 kHz.
_HALF: Final = 48
# Kaiser's formula for 90 dB: 0.1102 (90 - 8.7).
_KAISER_BETA: Final = 8.96
# Of the old Nyquist frequency: the transition band ends at it.
_CUT: Final = 0.94

DELAY_MS: Final = 1000 * _HALF / HOUSE_HZ
"""How much later the output shows what the input held."""
STEP: Final = HOP * _OUT // _IN
"""1470 samples: what one step of 800 becomes."""


class NeurosyncUpsampler:
    """The matrix's scratch memory; the history is the caller's state."""

    def __init__(self) -> None:
        self._buffer = np.zeros(2 * _HALF + HOP, np.float32)
        width = 2 * _HALF + _IN
        self._groups = np.lib.stride_tricks.sliding_window_view(self._buffer, width)[::_IN]
        self._rows = np.zeros(self._groups.shape, np.float32)

    @staticmethod
    def initial_state() -> Sound:
        """The last samples heard: silence."""
        return np.zeros(2 * _HALF, np.float32)

    def step(self, sound: Sound, state: Sound, out: NDArray[np.float32]) -> None:
        """``sound`` float32 [800] -> ``out`` float32 [1470]; ``state`` is moved on in place."""
        self._buffer[: 2 * _HALF] = state
        self._buffer[2 * _HALF :] = sound
        state[:] = self._buffer[HOP:]
        np.copyto(self._rows, self._groups)
        np.matmul(self._rows, interpolation(), out=out.reshape(-1, _OUT))


@cache
def interpolation() -> NDArray[np.float32]:
    """Windowed sincs at the 147 places between 80 samples, of unit gain: float32 [80 + 96, 147], input by output."""
    places = np.arange(_OUT) * _IN / _OUT + _HALF
    distances = places - np.arange(2 * _HALF + _IN)[:, None]
    inside = np.clip(1 - (distances / _HALF) ** 2, 0, None)
    taps = np.sinc(_CUT * distances) * np.i0(_KAISER_BETA * np.sqrt(inside)) * (np.abs(distances) <= _HALF)
    return np.asarray(taps / taps.sum(axis=0), np.float32)
