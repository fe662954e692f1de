"""What the network is to answer, frame by frame: curves, closure, contact, speech and viseme for each look-ahead."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.lipsync.augment import loudness
from models.lipsync.coarticulation import mouth
from models.lipsync.phones import SILENCE, Phone
from models.lipsync.utterance import RATE_HZ
from models.lipsync.visemes import CHANNELS, OVR, VISEME

FRAME_RATE_HZ: Final = 60
LOOKAHEADS_MS: Final = (0, 40, 80)

CLOSURE: Final = len(CHANNELS)
CONTACT: Final = CLOSURE + 1
SPEECH: Final = CLOSURE + 2
VISEME_CLASS: Final = CLOSURE + 3
WIDTH: Final = CLOSURE + 4
"""Columns per look-ahead: the channels, then these."""

# Loudness moves the jaw slowly: averaged over this long.
_LOUDNESS_S: Final = 0.15


def targets(sound: NDArray[np.float32], phones: list[Phone], frames: int) -> NDArray[np.uint8]:
    """uint8 [look-aheads, frames, WIDTH] (255 = 1; the viseme class as its number) for a clean ``sound``.

    Frame k belongs to the end of the k-th 400 samples minus the look-ahead.
    """
    out = np.zeros((len(LOOKAHEADS_MS), frames, WIDTH), np.uint8)
    relative_db = _loudness_db(sound)
    for row, lookahead_ms in enumerate(LOOKAHEADS_MS):
        times_s = (np.arange(frames) + 1) / FRAME_RATE_HZ - lookahead_ms / 1000
        db = np.interp(times_s, np.arange(len(relative_db)) * 0.01 + 0.005, relative_db).astype(np.float32)
        said = mouth(phones, times_s, db)
        values = np.column_stack([said.channels, said.closure, said.contact, said.speech])
        out[row, :, :VISEME_CLASS] = np.round(values * 255)
        out[row, :, VISEME_CLASS] = _visemes(phones, times_s)
    return out


def _visemes(phones: list[Phone], times_s: NDArray[np.float64]) -> NDArray[np.uint8]:
    names = np.array([OVR.index(VISEME[p.symbol]) for p in phones] + [OVR.index(VISEME[SILENCE])], np.uint8)
    index = np.searchsorted(np.array([p.start_s for p in phones]), times_s, side="right") - 1
    ended = (index < 0) | (times_s >= np.array([p.end_s for p in phones])[np.maximum(index, 0)])
    return names[np.where(ended, len(phones), index)]


def _loudness_db(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """Per 10 ms, dB against the utterance's level, -20 .. +8."""
    block = RATE_HZ // 100
    power = (sound[: len(sound) // block * block].reshape(-1, block) ** 2).mean(axis=1)
    width = int(_LOUDNESS_S * 100)
    smooth = np.convolve(power, np.ones(width) / width, "same")
    level = max(loudness(sound), 1e-4)
    return np.clip(10 * np.log10(smooth / level**2 + 1e-6), -20, 8).astype(np.float32)
