"""The jaw that a clip's phones and loudness ask for: what a solver's jaw is correlated with."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.lipsync.coarticulation import mouth
from models.lipsync.eval.clip import RATE_HZ, Clip
from models.lipsync.eval.signals import Signals, from_targets

_BLOCK: Final = RATE_HZ // 100
# Loudness moves the jaw slowly: averaged over 150 ms, and no further than this around the clip's own level.
_AVERAGED_BLOCKS: Final = 15
_RANGE_DB: Final = (-20.0, 8.0)
# Against the clip's loud vowels. Fricatives and the murmur of nasals lie 10 - 25 dB below them.
_LOUD_PERCENTILE: Final = 95
_SILENT_BELOW_DB: Final = 35.0
# 120 ms: careful speakers hold a stop for up to 100.
_PAUSE_BLOCKS: Final = 12


def target_jaw(clip: Clip, times_s: NDArray[np.float64]) -> NDArray[np.float32]:
    """float32 [frames] at ``times_s``."""
    return mouth(clip.phones, times_s, _loudness_db(clip, times_s)).channels[:, 0]


def heard_pause(clip: Clip, times_s: NDArray[np.float64]) -> NDArray[np.bool_]:
    """[frames], True where the clean clip is silent for longer than a stop's closure, whatever its labels say.

    Aligned labels give the silence between two words to one of them, and a mouth that rests there is not wrong.
    """
    blocks = clip.sound[: len(clip.sound) // _BLOCK * _BLOCK].reshape(-1, _BLOCK)
    level_db = 10 * np.log10(np.mean(np.square(blocks, dtype=np.float64), axis=1) + 1e-12)
    silent = level_db < np.percentile(level_db, _LOUD_PERCENTILE) - _SILENT_BELOW_DB
    edges = np.flatnonzero(np.diff(np.concatenate([[0], silent.view(np.int8), [0]]))).reshape(-1, 2)
    pause = np.zeros(len(times_s), bool)
    for start, end in edges[np.diff(edges)[:, 0] >= _PAUSE_BLOCKS] * _BLOCK / RATE_HZ:
        pause |= (times_s >= start) & (times_s <= end)
    return pause


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
