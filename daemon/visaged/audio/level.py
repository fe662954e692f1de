"""How loud it is: level, peak, clipping and silence, cheap enough for every block."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from visaged.audio.ring import Sound
from visaged.clock import RATE_HZ

# "Fast" time weighting of sound level meters (IEC 61672-1).
_TIME_CONSTANT_S: Final = 0.125
# The bottom of a 20-bit converter; and below it a figure says nothing.
FLOOR_DBFS: Final = -120.0
# Room noise through a microphone at any sensible gain stays above this; below it nobody is there, or nothing plugged.
_SILENCE_DBFS: Final = -65.0
# One step below full scale at 12 bits: converters and codecs do not clip at the very last code.
_CLIP: Final = 0.9995


class LevelMeter:
    """Follows one voice at 48 kHz. One thread updates; any may read the figures."""

    def __init__(self) -> None:
        self.level_dbfs = FLOOR_DBFS
        """RMS over about 125 ms."""
        self.peak_dbfs = FLOOR_DBFS
        """Largest sample of the last block."""
        self.clipped = 0
        """Samples at full scale, ever."""
        self.silent_s = 0.0
        """How long it has been quieter than -65 dBFS."""
        self._mean_square = 0.0

    def update(self, block: Sound) -> None:
        """Take in the next float32 [n]; an empty block changes nothing."""
        if not len(block):
            return
        duration_s = len(block) / RATE_HZ
        mean_square = float(np.dot(block, block)) / len(block)
        self._mean_square += (mean_square - self._mean_square) * (1 - math.exp(-duration_s / _TIME_CONSTANT_S))
        self.level_dbfs = _rms_dbfs(self._mean_square)
        peak = max(float(block.max()), -float(block.min()))
        self.peak_dbfs = _rms_dbfs(peak * peak / 2)
        if peak >= _CLIP:
            self.clipped += int(np.count_nonzero(np.abs(block) >= _CLIP))
        silent = _rms_dbfs(mean_square) < _SILENCE_DBFS
        self.silent_s = self.silent_s + duration_s if silent else 0.0


def _rms_dbfs(mean_square: float) -> float:
    # A sine at full scale has a mean square of one half and reads 0 dBFS (AES17).
    return max(10 * math.log10(max(2 * mean_square, 1e-30)), FLOOR_DBFS)
