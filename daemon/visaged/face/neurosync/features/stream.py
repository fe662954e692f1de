"""NeuroSync's features of a live voice: the newest 128 frames, at any moment, from 48 kHz steps.

As neurosync_features.py, but for what only a finished clip can tell, which neurosync_statistics.py estimates: how far
that is from the batch features is in docs/benchmarks.md (neurosync_features). The two newest frames lack the sound that
their slopes reach into; they get the slopes of a clip that ends there, by the same rule.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from visaged.face.neurosync.features.autocorrelation import LAGS, Autocorrelation
from visaged.face.neurosync.features.cepstra import CEPSTRA, REACH, SLOPE_WIDTH, cosines, slope_taps
from visaged.face.neurosync.features.clip import Features
from visaged.face.neurosync.features.mel import BANDS, FRAME, STRIDE, MelLevels
from visaged.face.neurosync.features.statistics import Statistics
from visaged.face.neurosync.features.tail import Tail
from visaged.face.neurosync.features.upsample import STEP, NeurosyncUpsampler
from visaged.face.solver import Sound

WINDOW: Final = 128
"""Frames (60 fps) that the model sees at a time, 2.13 s."""

# 120 frames a second, and what the slopes of the oldest reach back to.
_HISTORY: Final = 2 * WINDOW + REACH
# From 60 fps frame to 60 fps frame.
_PER_STEP: Final = STEP // STRIDE


def _cepstra_of_silence() -> Tail:
    tail, statistics = Tail(_HISTORY, CEPSTRA), Statistics()
    levels = np.full((_HISTORY, BANDS), -np.inf, np.float32)
    statistics.raise_floor(levels)
    tail.push(levels @ cosines())
    return tail


@dataclass
class StreamState:
    """One stream, changed in place."""

    upsampler: Sound = field(default_factory=NeurosyncUpsampler.initial_state)
    sound: Sound = field(default_factory=lambda: np.zeros(FRAME - STRIDE + STEP, np.float32))
    """88.2 kHz: the newest step and what its first frame reaches back to."""
    statistics: Statistics = field(default_factory=Statistics)
    cepstra: Tail = field(default_factory=_cepstra_of_silence)
    lags: Tail = field(default_factory=lambda: Tail(WINDOW, LAGS))


class FeatureStream:
    """Tables and scratch memory; everything of the stream is in its state. One thread at a time."""

    def __init__(self) -> None:
        self._upsampler = NeurosyncUpsampler()
        self._upsampled = np.zeros(STEP, np.float32)
        self._mel = MelLevels(_PER_STEP)
        self._autocorrelation = Autocorrelation(_PER_STEP)
        self._levels = np.zeros((_PER_STEP, BANDS), np.float32)
        self._cepstra = np.zeros((_PER_STEP, CEPSTRA), np.float32)
        self._lags = np.zeros((_PER_STEP, LAGS), np.float32)
        self._mean_lags = np.zeros((1, LAGS), np.float32)
        self._parts = np.zeros((3, WINDOW, CEPSTRA), np.float32)

    def step(self, sound: Sound, state: StreamState) -> None:
        """Hear ``sound`` (float32 [800], 48 kHz): one more frame."""
        self._upsampler.step(sound, state.upsampler, self._upsampled)
        state.sound[:-STEP] = state.sound[STEP:]
        state.sound[-STEP:] = self._upsampled
        frames = np.lib.stride_tricks.sliding_window_view(state.sound, FRAME)[::STRIDE]
        self._mel.transform(frames)
        self._mel.finish(self._levels)
        state.statistics.raise_floor(self._levels)
        np.matmul(self._levels, cosines(), out=self._cepstra)
        state.statistics.hear(self._cepstra)
        state.cepstra.push(self._cepstra)
        self._autocorrelation.transform(frames)
        self._autocorrelation.finish(self._lags)
        np.mean(self._lags, axis=0, keepdims=True, out=self._mean_lags)
        state.lags.push(self._mean_lags)

    def window(self, state: StreamState, out: Features) -> None:
        """Write the features of the newest 128 frames into ``out`` (float32 [128, 256])."""
        state.statistics.settle()
        deviation = state.statistics.deviation.astype(np.float32)
        np.matmul(window_matrices(), state.cepstra.newest, out=self._parts)
        self._parts[0] -= state.statistics.mean.astype(np.float32)
        self._parts /= deviation
        for number, part in enumerate(self._parts):
            out[:, number * CEPSTRA : (number + 1) * CEPSTRA] = part
        out[:, 3 * CEPSTRA :] = state.lags.newest


@cache
def window_matrices() -> NDArray[np.float32]:
    """Cepstra at 120 frames a second to the pairs' means, and to those of their two slopes: float32 [3, 128, 260]."""
    matrices = np.zeros((3, 2 * WINDOW, _HISTORY))
    for frame in range(2 * WINDOW):
        matrices[0, frame, frame + REACH] = 1
        first = min(frame, _HISTORY - SLOPE_WIDTH)
        for order in (1, 2):
            matrices[order, frame, first : first + SLOPE_WIDTH] = slope_taps(order)[frame + REACH - first]
    return np.asarray((matrices[:, ::2] + matrices[:, 1::2]) / 2, np.float32)
