"""What NeuroSync's features need to know of the whole clip, estimated while it is still being spoken.

The original takes each coefficient's mean and deviation, and the loudest level, of a finished clip. A live voice has no
end: here they are running estimates that start from those of speech in general (``SPEECH_*``, from ``python -m
models.neurosync.statistics``) and follow this voice and this room. Pauses longer than half a second teach nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from visaged.face.neurosync.features.cepstra import CEPSTRA, DYNAMIC_RANGE_DB
from visaged.face.neurosync.features.mel import BANDS, STRIDE, Matrix
from visaged.face.neurosync.features.mel import RATE_HZ as MODEL_HZ
from visaged.face.neurosync.features.speech import SPEECH_DEVIATION, SPEECH_LOUDEST_DB, SPEECH_MEAN

Vector = NDArray[np.float64]
"""float64 [23]."""

_FRAMES_PER_S: Final = MODEL_HZ / STRIDE
# How many seconds of this voice count as much as what is known of speech in general.
_PRIOR_S: Final = 1.0
# What was heard longer ago fades: people change places, rooms change noises.
_MEMORY_S: Final = 30.0
# Speech is within this of the loudest; the hang-over bridges the pauses within a sentence.
_SPEECH_DB: Final = 45.0
_HANG_OVER_FRAMES: Final = round(0.5 * _FRAMES_PER_S)
# The loudest band level sinks by this while somebody speaks: one cough must not hold the floor up for ever.
_SINK_DB: Final = 0.5 / _FRAMES_PER_S
# Below this nothing is taken for a voice, however quiet the room: 60 dB under normal speech.
_LEAST_LOUDEST_DB: Final = SPEECH_LOUDEST_DB - 60.0
LEVEL_GAIN: Final = float(np.sqrt(BANDS))
"""All bands louder by 1 dB raise the first coefficient by this (the transform is orthonormal)."""


@dataclass
class Statistics:
    """One stream's estimates; they are changed in place."""

    loudest_db: float = SPEECH_LOUDEST_DB
    """Of any band, lately."""
    heard: float = 0.0
    """Frames of speech that count."""
    quiet_frames: int = _HANG_OVER_FRAMES
    sums: Vector = field(default_factory=lambda: np.zeros(CEPSTRA))
    squares: Vector = field(default_factory=lambda: np.zeros(CEPSTRA))
    mean: Vector = field(default_factory=lambda: np.array(SPEECH_MEAN))
    deviation: Vector = field(default_factory=lambda: np.array(SPEECH_DEVIATION))

    def raise_floor(self, levels: Matrix) -> None:
        """Follow the loudest band of ``levels`` (float32 [n, 128], dB), and raise what lies 80 dB below it."""
        loudest_db = float(levels.max())
        if loudest_db > self.loudest_db - _SPEECH_DB:
            self.quiet_frames = 0
        else:
            self.quiet_frames += len(levels)
        if self.speech:
            sunk_db = self.loudest_db - _SINK_DB * len(levels)
            self.loudest_db = max(loudest_db, sunk_db, _LEAST_LOUDEST_DB)
        np.maximum(levels, np.float32(self.loudest_db - DYNAMIC_RANGE_DB), out=levels)

    @property
    def speech(self) -> bool:
        """Whether what is heard is speech or a pause in it."""
        return self.quiet_frames < _HANG_OVER_FRAMES

    def hear(self, cepstra: Matrix) -> None:
        """Learn from the newest frames (float32 [n, 23]), if they are speech."""
        if not self.speech:
            return
        kept = 1.0 - len(cepstra) / (_MEMORY_S * _FRAMES_PER_S)
        self.heard = kept * self.heard + len(cepstra)
        self.sums *= kept
        self.squares *= kept
        for row in cepstra:
            self.sums += row
            self.squares += np.square(row, dtype=np.float64)

    def settle(self) -> None:
        """Bring ``mean`` and ``deviation`` up to date: speech in general at this voice's level, and what was heard."""
        prior, prior_deviation = np.array(SPEECH_MEAN), np.array(SPEECH_DEVIATION)
        prior[0] += LEVEL_GAIN * (self.loudest_db - SPEECH_LOUDEST_DB)
        frames = _PRIOR_S * _FRAMES_PER_S
        self.mean = (frames * prior + self.sums) / (frames + self.heard)
        squares = frames * (prior_deviation**2 + prior**2) + self.squares
        self.deviation = np.sqrt(squares / (frames + self.heard) - self.mean**2)
