"""The newest steps of sound, to be heard again a little later."""

from __future__ import annotations

from typing import Final

import numpy as np

from visaged.face.solver import HOP, Sound

LONGEST: Final = 127
"""Steps, 2.1 s: beyond any solver's look-ahead."""


class SoundDelay:
    """One stream's; silence before its beginning."""

    def __init__(self) -> None:
        self._steps = np.zeros((LONGEST + 1, HOP), np.float32)
        self._count = 0

    def push(self, sound: Sound, steps: int) -> Sound:
        """Keep ``sound`` (float32 [800]); what was pushed ``steps`` (0 to 127) pushes ago, a view."""
        self._steps[self._count % len(self._steps)] = sound
        earlier: Sound = self._steps[(self._count - steps) % len(self._steps)]
        self._count += 1
        return earlier
