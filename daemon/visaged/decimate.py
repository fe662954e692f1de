"""Streaming decimation: 48 kHz steps to a lower rate through a linear-phase low-pass, state in and state out."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from visaged.clock import RATE_HZ

Sound = NDArray[np.float32]

# Per kept sample. With the Kaiser window below: flat to 0.4 of the new rate, -70 dB from 0.6 of it on.
_TAPS_PER_FACTOR: Final = 24
# Kaiser's formula for 70 dB: 0.1102 (70 - 8.7).
_KAISER_BETA: Final = 6.76


class Decimator:
    """Keeps every ``factor``-th sample of a low-passed signal; the history is the caller's state."""

    def __init__(self, rate_hz: int, step: int) -> None:
        """``rate_hz``: the rate wanted; ``step``: samples at 48 kHz that every step takes.

        Raises ValueError unless a step is a whole number of samples at ``rate_hz``.
        """
        if rate_hz <= 0 or RATE_HZ % rate_hz or step % (RATE_HZ // rate_hz):
            rates = ", ".join(str(RATE_HZ // factor) for factor in range(1, 13) if step % factor == 0)
            raise ValueError(f"{rate_hz} Hz cannot be made from {RATE_HZ} Hz in steps of {step} samples; {rates} can")
        self.factor = RATE_HZ // rate_hz
        self.hop = step // self.factor
        """Samples at the new rate that every step gives."""
        self._step = step
        self._taps = _low_pass(self.factor)
        self.delay_ms = 1e3 * (len(self._taps) - 1) / 2 / RATE_HZ
        """How much later the output shows what the input held."""
        self._buffer = np.zeros(len(self._taps) - 1 + step, np.float32)
        # Only the samples that are kept are computed: a row of the input per kept sample, one product with the taps.
        self._windows = np.lib.stride_tricks.sliding_window_view(self._buffer, len(self._taps))[:: self.factor]
        self._rows = np.zeros(self._windows.shape, np.float32)

    def initial_state(self) -> Sound:
        """The last samples heard: silence."""
        return np.zeros(len(self._taps) - 1, np.float32)

    def step(self, sound: Sound, state: Sound, out: NDArray[np.float32]) -> None:
        """``sound`` float32 [step] -> ``out`` float32 [hop]; ``state`` is moved on in place."""
        if self.factor == 1:
            out[:] = sound
            return
        past = len(state)
        self._buffer[:past] = state
        self._buffer[past:] = sound
        state[:] = self._buffer[self._step :]
        np.copyto(self._rows, self._windows)
        np.dot(self._rows, self._taps, out=out)


def _low_pass(factor: int) -> NDArray[np.float32]:
    """Windowed sinc, unit gain at 0 Hz, -6 dB at the new Nyquist frequency; a single 1 for factor 1."""
    if factor == 1:
        return np.ones(1, np.float32)
    half = _TAPS_PER_FACTOR * factor // 2
    taps = np.sinc(np.arange(-half, half + 1) / factor) * np.kaiser(2 * half + 1, _KAISER_BETA)
    taps /= taps.sum()
    return np.asarray(taps, np.float32)
