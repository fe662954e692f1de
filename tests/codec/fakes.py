"""A codec without a model: eight tones whose strengths are the codes. It keeps a voice's loudness and rough colour.

Like a real one its decoder carries state (the phases), so its frames join without a seam.
"""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visaged.codec.frame_codec import CODEBOOK_SIZE, CODEC_RATE_HZ, FRAME, Codes, Pcm

# None is a multiple of 12.5 Hz: a frame that is said twice must not join by chance.
_TONES_HZ = np.array([153.0, 307.0, 511.0, 809.0, 1201.0, 1801.0, 2609.0, 3607.0])
# Strength = _STEP ** (code - 2047): 72 dB in 0.035 dB steps.
_STEP = 10 ** (72 / 20 / (CODEBOOK_SIZE - 1))
_TIMES = np.arange(FRAME) / CODEC_RATE_HZ


@dataclass(frozen=True)
class Tones:
    """Where the tones are: phases (radians) and strengths, float64 [8] each."""

    phases: NDArray[np.float64]
    strengths: NDArray[np.float64]


class ToneEncoder:
    """Measures the strength around each tone."""

    codebooks = 8

    def __init__(self) -> None:
        edges = np.concatenate([[80.0], np.sqrt(_TONES_HZ[1:] * _TONES_HZ[:-1]), [5000.0]])
        bins = np.fft.rfftfreq(FRAME, 1 / CODEC_RATE_HZ)
        self._bands = [(bins >= low) & (bins < high) for low, high in itertools.pairwise(edges)]
        self.steps = 0
        self.resets = 0
        self.hang: threading.Event | None = None

    def initial_state(self) -> int:
        self.resets += 1
        return 0

    def step(self, pcm: Pcm, state: int, codes: Codes) -> int:
        self.steps += 1
        if self.hang is not None:
            self.hang.wait()
        power = np.abs(np.fft.rfft(pcm)) ** 2 / (FRAME**2 / 4)
        strengths = np.sqrt([power[band].sum() for band in self._bands])
        steps = np.log(np.maximum(strengths, 1e-9)) / np.log(_STEP) + CODEBOOK_SIZE - 1
        codes[:] = np.clip(np.round(steps), 0, CODEBOOK_SIZE - 1).astype(np.uint16)
        return state + 1


class ToneDecoder:
    """Plays them."""

    codebooks = 8

    def __init__(self) -> None:
        self.steps = 0
        self.resets = 0
        self.fail: Exception | None = None
        self.hang: threading.Event | None = None

    def initial_state(self) -> Tones:
        self.resets += 1
        return Tones(np.arange(8) * 1.7, np.zeros(8))

    def step(self, codes: Codes, state: Tones, pcm: Pcm) -> Tones:
        self.steps += 1
        if self.fail is not None:
            raise self.fail
        if self.hang is not None:
            self.hang.wait()
        if int(codes.max()) >= CODEBOOK_SIZE:
            raise ValueError(f"code {codes.max()}, accepted: 0 to {CODEBOOK_SIZE - 1}")
        goal = np.where(codes > 0, _STEP ** (codes.astype(np.float64) - (CODEBOOK_SIZE - 1)), 0.0)
        strengths = state.strengths + (goal - state.strengths) * (np.arange(1, FRAME + 1) / FRAME)[:, None]
        phases = state.phases + 2 * np.pi * _TONES_HZ * _TIMES[:, None]
        pcm[:] = (strengths * np.sin(phases)).sum(axis=1)
        return Tones((state.phases + 2 * np.pi * _TONES_HZ * FRAME / CODEC_RATE_HZ) % (2 * np.pi), goal)


def tone_codes(*strengths: float) -> Codes:
    """Codes for the given strengths of the first tones; the others are silent."""
    codes = np.zeros(8, np.uint16)
    for number, strength in enumerate(strengths):
        codes[number] = max(round(np.log(strength) / np.log(_STEP)) + CODEBOOK_SIZE - 1, 1) if strength else 0
    return codes
