"""The jaw that a clip's phones and loudness ask for: what a solver's jaw is correlated with."""

from __future__ import annotations

from typing import Final

import numpy as np
from models.lipsync.coarticulation import mouth
from models.lipsync.eval.clip import RATE_HZ, Clip
from models.lipsync.eval.signals import Signals, from_targets
from numpy.typing import NDArray

_BLOCK: Final = RATE_HZ // 100
# Loudness moves the jaw slowly: averaged over 150 ms, and no further than this around the clip's own level.
_AVERAGED_BLOCKS: Final = 15
_RANGE_DB: Final = (-20.0, 8.0)


def target_jaw(clip: Clip, times_s: NDArray[np.float64]) -> NDArray[np.float32]:
    """float32 [frames] at ``times_s``."""
    return mouth(clip.phones, times_s, _loudness_db(clip, times_s)).channels[:, 0]


def phones_alone(clip: Clip) -> Signals:
    """A perfect phone-driven face that does not hear how loud the voice is: the best to be had from labels."""
    times_s = np.arange(int(len(clip.sound) / RATE_HZ * 60)) / 60
    return from_targets(mouth(clip.phones, times_s), times_s)


def _loudness_db(clip: Clip, times_s: NDArray[np.float64]) -> NDArray[np.float32]:
    blocks = clip.sound[: len(clip.sound) // _BLOCK * _BLOCK].reshape(-1, _BLOCK)
    power = np.mean(np.square(blocks, dtype=np.float64), axis=1)
    smooth = np.convolve(power, np.ones(_AVERAGED_BLOCKS) / _AVERAGED_BLOCKS, "same")
    level = np.mean(np.sort(power)[len(power) // 2 :])
    relative_db = np.clip(10 * np.log10(smooth / max(level, 1e-8) + 1e-6), *_RANGE_DB)
    centres_s = (np.arange(len(power)) + 0.5) * _BLOCK / RATE_HZ
    return np.interp(times_s, centres_s, relative_db).astype(np.float32)
