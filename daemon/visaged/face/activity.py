"""Whether somebody speaks: level against the room, with a hang-over. For capsules (speech onset) and health."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from visaged.face.loudness import Loudness, hear
from visaged.face.solver import FRAME_RATE_HZ, HOP, Sound

# Sums of four samples, 12 kHz: what is above 6 kHz is no voice. Their difference over two weakens
# hum (50 Hz: -26 dB) and spares the first formant of i and u (300 Hz: -10 dB).
_SUM: Final = 4
_LAG: Final = 2
# Three times the amplitude of the room: fans and air conditioning vary by half of that.
_ABOVE_FLOOR_DB: Final = 10.0
# 25 dB below the quietest voice that the solvers are asked to understand (-40 dBFS): breathing is not speech.
_LOWEST_DBFS: Final = -60.0
# A click or a key stroke is shorter; the shortest vowel is longer.
_ONSET_FRAMES: Final = 3
# Longer than any stop closure and most pauses within a sentence.
HANG_OVER_S: Final = 0.4
_HANG_OVER_FRAMES: Final = round(HANG_OVER_S * FRAME_RATE_HZ)


class Activity:
    """One stream. One thread hears; any may read ``speaking``."""

    def __init__(self) -> None:
        self.speaking = False
        self._loudness = Loudness()
        self._loud_frames = 0
        self._quiet_frames = 0
        self._weights = np.full(_SUM, 1 / _SUM, np.float32)
        self._low = np.zeros(HOP // _SUM, np.float32)
        self._difference = np.zeros(HOP // _SUM - _LAG, np.float32)

    def hear(self, sound: Sound) -> int | None:
        """Take in the next hop (float32 [800]).

        Returns None while nothing changes; when ``speaking`` has just changed, how many samples before the end of
        this hop speech began (or ended): more than 0, since a beginning is believed only after 50 ms.
        """
        np.dot(sound.reshape(-1, _SUM), self._weights, out=self._low)
        np.subtract(self._low[_LAG:], self._low[:-_LAG], out=self._difference)
        mean_square = float(np.dot(self._difference, self._difference)) / len(self._difference)
        level_db = 10 * math.log10(min(mean_square, 1e30) + 1e-12)
        _, above_floor_db = hear(self._loudness, level_db, voiced=False)
        loud = above_floor_db > _ABOVE_FLOOR_DB and level_db > _LOWEST_DBFS
        self._loud_frames = self._loud_frames + 1 if loud else 0
        self._quiet_frames = 0 if loud else self._quiet_frames + 1
        if not self.speaking and self._loud_frames >= _ONSET_FRAMES:
            self.speaking = True
            return self._loud_frames * HOP
        if self.speaking and self._quiet_frames >= _HANG_OVER_FRAMES:
            self.speaking = False
            return self._quiet_frames * HOP
        return None

    def forget(self) -> bool:
        """The stream broke off: nobody speaks. Returns whether that is a change."""
        changed = self.speaking
        self.speaking = False
        self._loud_frames = self._quiet_frames = 0
        return changed
