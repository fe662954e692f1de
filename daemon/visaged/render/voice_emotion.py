"""The seven emotion columns of NeuroSync's answers, for solvers that hear none: a coarse guess from voice alone.

Loudness and pitch, each against this voice so far, tell arousal; they do not tell whether it is pleasant. So neutral
leads in calm speech, a lively voice is happy and surprised when its pitch is high, angry when it is only loud, and a
flat, low one is sad. Disgust and fear are never guessed. Each row sums to 1.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from visaged.curves import Pose
from visaged.face.loudness import Loudness, hear
from visaged.face.pitch import PitchTracker
from visaged.face.solver import FRAME_RATE_HZ, Solver, Sound
from visaged.recording.base import EMOTIONS

_ANGRY, _HAPPY, _NEUTRAL, _SAD, _SURPRISED = 0, 3, 4, 5, 6

# As face/prosody.py: a periodicity above this is voice.
_VOICED: Final = 0.6
# A mood takes seconds; syllables are not moods.
_SMOOTHING_S: Final = 1.0
_MEAN_S: Final = 6.0
# Read speech deviates by 2 to 3 semitones; a lively voice by twice as much.
_LIVELY_SEMITONES: Final = 5.0
# The mean of speech lies some 12 dB below its loudest parts.
_USUAL_BELOW_PEAK_DB: Final = -12.0
_LOUD_SPAN_DB: Final = 12.0
# However lively, a guess is never more than this.
_MOST: Final = 0.6


class VoiceEmotion:
    """One sound: ``hear`` every hop, then ``rows``."""

    def __init__(self) -> None:
        self._tracker = PitchTracker()
        self._state = self._tracker.initial_state()
        self._loudness = Loudness()
        self._mean = 0.0
        self._voiced = 0
        self._high = self._loud = 0.0
        self._rows: list[tuple[float, float]] = []

    def hear(self, sound: Sound) -> None:
        """Take in a hop (float32 [800], 48 kHz)."""
        pitch_hz, periodicity = self._tracker.step(sound, self._state)
        voiced = periodicity > _VOICED and pitch_hz > 0.0
        level_db = 10.0 * math.log10(float(np.dot(sound, sound)) / len(sound) + 1e-12)
        below_peak_db, _ = hear(self._loudness, level_db, voiced)
        share = 1.0 / (_SMOOTHING_S * FRAME_RATE_HZ)
        if voiced:
            semitones = 12.0 * math.log2(pitch_hz)
            self._voiced += 1
            if self._voiced == 1:
                self._mean = semitones
            above = semitones - self._mean
            self._mean += above / min(self._voiced, _MEAN_S * FRAME_RATE_HZ)
            self._high += (_limited(above / _LIVELY_SEMITONES) - self._high) * share
            loud = _limited((below_peak_db - _USUAL_BELOW_PEAK_DB) / _LOUD_SPAN_DB)
            self._loud += (loud - self._loud) * share
        else:
            self._high -= self._high * share
            self._loud -= self._loud * share
        self._rows.append((self._high, self._loud))

    def rows(self, frames: int) -> NDArray[np.float32]:
        """The columns of ``frames`` frames: float32 [frames, 7]; what was not heard is neutral."""
        out = np.zeros((frames, len(EMOTIONS)), np.float32)
        heard = np.zeros((frames, 2), np.float32)
        known = np.array(self._rows[:frames], np.float32).reshape(-1, 2)
        heard[: len(known)] = known
        high, loud = heard[:, 0], heard[:, 1]
        out[:, _ANGRY] = np.maximum(loud, 0) * np.maximum(-high, 0)
        out[:, _HAPPY] = np.maximum(high, 0) * 0.5
        out[:, _SURPRISED] = np.maximum(high, 0) * np.maximum(loud, 0)
        out[:, _SAD] = np.maximum(-high, 0) * np.maximum(-loud, 0)
        total = out.sum(axis=1, keepdims=True)
        out *= np.minimum(1.0, _MOST / np.maximum(total, 1e-6))
        out[:, _NEUTRAL] = 1.0 - out.sum(axis=1)
        return out


class EmotionListener:
    """A ``Solver`` that hands everything to another and listens for emotion beside it."""

    def __init__(self, solver: Solver[Any], emotion: VoiceEmotion) -> None:
        self._solver = solver
        self._emotion = emotion
        self.name = solver.name

    @property
    def lookahead_ms(self) -> float:
        """The solver's."""
        return self._solver.lookahead_ms

    def initial_state(self) -> Any:
        """The solver's."""
        return self._solver.initial_state()

    def step(self, sound: Sound, state: Any, pose: Pose) -> Any:
        """As the solver."""
        self._emotion.hear(sound)
        return self._solver.step(sound, state, pose)


def _limited(value: float) -> float:
    return min(max(value, -1.0), 1.0)
