"""``energy``: the solver without a model. Signal processing moves the mouth; it is what the box falls back to.

It hears how loud the vowel band is for this voice, the first two formants, and how much of the sound is hiss. It cannot
tell p, b, m from other stops and nasals: it closes on all of them, in the measure of how far the voice dips.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from visaged.curves import INDEX, Pose
from visaged.face import articulation
from visaged.face.formants import FormantFinder
from visaged.face.loudness import Loudness, hear
from visaged.face.solver import FRAME_RATE_HZ, HOP, Sound
from visaged.face.spectrum import WINDOW, Band, ShortSpectrum

_STEP_S: Final = 1 / FRAME_RATE_HZ
# The sound is measured in the middle of a 25 ms window; a critically damped movement trails its target by 2 / omega.
# What 40 ms leave over goes into a jaw that moves as jaws do (0.4 open within 80 ms). Without look-ahead it must be
# quick, and the face still trails the sound by 27 ms.
_JAW_LAG_MS: Final = {0: 14.0, 40: 27.5}
# Lips weigh less than a jaw and lead it.
_LIPS_LAG_MS: Final = {0: 10.0, 40: 20.0}
_LIPS_ON_CLOSURE_LAG_MS: Final = 11.0
# Formants glide, they do not jump; half of the way per frame.
_FORMANT_SHARE: Final = 0.45
_START_FORMANTS_HZ: Final = (500.0, 1500.0)
# A mouth that was open within the last syllable shuts on a dip; one at rest has nothing to shut.
_OPEN_MEMORY_S: Final = 0.14


@dataclass
class EnergyState:
    """One stream."""

    sound: NDArray[np.float32] = field(default_factory=lambda: np.zeros(WINDOW, np.float32))
    """The last 25 ms."""
    vowels: Loudness = field(default_factory=Loudness)
    hiss: Loudness = field(default_factory=Loudness)
    formants_hz: NDArray[np.float64] = field(default_factory=lambda: np.array(_START_FORMANTS_HZ))
    opened: float = 0.0
    """How open the mouth was of late, 0..1."""
    position: NDArray[np.float64] = field(default_factory=lambda: np.zeros(len(articulation.DRIVEN) + 1))
    """The driven curves and, last, the closure of the lips."""
    velocity: NDArray[np.float64] = field(default_factory=lambda: np.zeros(len(articulation.DRIVEN) + 1))
    """The same, per second."""


class EnergySolver:
    """Voice to mouth by level, formants and hiss. One thread at a time; streams may share an object."""

    name = "energy"

    def __init__(self, lookahead_ms: float = 40) -> None:
        """``lookahead_ms``: what is allowed; 40 is the most that this solver has a use for."""
        self.lookahead_ms: float = 40 if lookahead_ms >= 40 else 0
        self._spectrum = ShortSpectrum()
        self._formants = FormantFinder()
        # 400 Hz keeps the murmur of m and n (250 Hz) out of what opens the mouth.
        self._vowels = Band(400, 3500)
        # Vowels are strongest in their first formant, hisses above their second.
        self._voice = Band(100, 1000)
        self._hiss = Band(1800, 10000)
        self._hush = Band(1800, 3000)
        self._sharp = Band(3500, 10000)
        lips = _LIPS_LAG_MS[int(self.lookahead_ms)]
        lag_ms = np.full(len(articulation.DRIVEN) + 1, lips)
        lag_ms[articulation.JAW] = _JAW_LAG_MS[int(self.lookahead_ms)]
        lag_ms[-1] = _LIPS_ON_CLOSURE_LAG_MS
        self._omega = 2000 / lag_ms
        self._decay = np.exp(-self._omega * _STEP_S)
        self._targets = np.zeros_like(lag_ms)
        self._distance = np.zeros_like(lag_ms)
        self._drive = np.zeros_like(lag_ms)

    def initial_state(self) -> EnergyState:
        """The state of a stream that has heard nothing."""
        return EnergyState()

    def step(self, sound: Sound, state: EnergyState, pose: Pose) -> EnergyState:
        """Hear ``sound`` (float32 [800], 48 kHz), write the speech curves into ``pose`` (float32 [61])."""
        state.sound[: WINDOW - HOP] = state.sound[HOP:]
        state.sound[WINDOW - HOP :] = sound
        mouth = articulation.gesture(self._listen(state))
        state.opened = max(mouth.open, state.opened * math.exp(-_STEP_S / _OPEN_MEMORY_S))
        closure = mouth.shut * articulation.ramp(state.opened, 0, 0.3)
        articulation.set_targets(mouth, state.opened, closure, self._targets[:-1])
        self._targets[-1] = closure
        self._move(state)
        pose.fill(0)
        pose[articulation.DRIVEN_INDICES] = state.position[:-1]
        # Lips shut over a jaw that is still on its way up: they meet, and never overlap (JawOpen - MouthClose >= 0).
        pose[INDEX["MouthClose"]] = state.position[-1] * state.position[articulation.JAW]
        return state

    def _listen(self, state: EnergyState) -> articulation.Sounding:
        power = self._spectrum.power(state.sound)
        vowels_db = self._vowels.level_db(power)
        voice_db, hiss_db = self._voice.level_db(power), self._hiss.level_db(power)
        voiced = voice_db > hiss_db
        relative_db, above_floor_db = hear(state.vowels, vowels_db, voiced)
        _, hiss_above_floor_db = hear(state.hiss, hiss_db, False)
        found = self._formants.find(power) if voiced and relative_db > -20 else None
        if found is not None:
            state.formants_hz += _FORMANT_SHARE * (np.asarray(found) - state.formants_hz)
        f1_hz, f2_hz = state.formants_hz
        return articulation.Sounding(
            relative_db,
            above_floor_db,
            hiss_db - voice_db,
            self._hush.level_db(power) - self._sharp.level_db(power),
            hiss_above_floor_db,
            float(f1_hz),
            float(f2_hz),
        )

    def _move(self, state: EnergyState) -> None:
        """One step of a critically damped spring towards the targets, solved exactly: stable at any stiffness."""
        np.subtract(state.position, self._targets, out=self._distance)
        np.multiply(self._omega, self._distance, out=self._drive)
        self._drive += state.velocity
        self._drive *= _STEP_S
        self._distance += self._drive
        self._distance *= self._decay
        np.add(self._targets, self._distance, out=state.position)
        self._drive *= self._omega
        state.velocity -= self._drive
        state.velocity *= self._decay
        np.clip(state.position, 0, 1, out=state.position)
