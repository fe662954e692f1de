"""The answer on its way to the speaker: can be silenced at once, and lowered while the guest may want to speak."""

from __future__ import annotations

from typing import Final

import numpy as np

from visaged.audio.follower import Voice
from visaged.audio.ring import Sound

# 12 dB: still followed, and plainly stepping back.
DUCKED: Final = 0.25


class SpeakerVoice:
    """A ``Voice`` (audio/follower.py) around another. ``silence_until`` and ``duck``: any thread."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice
        self._from = 0
        self._wanted = self._gain = 1.0

    def silence_until(self, index: int) -> None:
        """Sound before ``index`` is not played any more; the follower fades it out over a block."""
        self._from = index

    def duck(self, ducked: bool) -> None:
        """Lower it, or no longer; within a block of the output."""
        self._wanted = DUCKED if ducked else 1.0

    def position_at(self, time_ns: float) -> float | None:
        """As of the voice; None for what was silenced."""
        position = self._voice.position_at(time_ns)
        return None if position is None or position < self._from else position

    def read(self, start: int, out: Sound) -> int:
        """As of the voice, at the gain in force."""
        count = self._voice.read(start, out)
        before, self._gain = self._gain, self._wanted
        if before != 1.0 or self._gain != 1.0:
            out[:count] *= np.linspace(before, self._gain, count, dtype=np.float32)
        return count
