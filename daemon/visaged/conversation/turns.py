"""Whose turn it is, by the rule of the pause: who was silent for long enough has finished."""

from __future__ import annotations

from enum import Enum, auto
from typing import Final

# A guest who never pauses is answered all the same: a brain takes no more at once, and nobody listens longer.
MOST_TURN_MS: Final = 120_000


class Turn(Enum):
    """What a block of sound changed."""

    NONE = auto()
    BEGAN = auto()
    ENDED = auto()


class PauseTurns:
    """One guest. One thread."""

    def __init__(self, pause_ms: float) -> None:
        """``pause_ms``: so much silence ends a turn."""
        self.open = False
        """Whether it is the guest's turn."""
        self._pause_ms = pause_ms
        self._silent_ms = self._lasted_ms = 0.0

    def hear(self, speaking: bool, duration_ms: float, *, may_begin: bool = True) -> Turn:
        """The guest spoke, or not, for ``duration_ms``. Without ``may_begin`` no turn begins yet."""
        if not self.open:
            if speaking and may_begin:
                self.open, self._silent_ms, self._lasted_ms = True, 0.0, 0.0
                return Turn.BEGAN
            return Turn.NONE
        self._lasted_ms += duration_ms
        self._silent_ms = 0.0 if speaking else self._silent_ms + duration_ms
        if self._silent_ms >= self._pause_ms or self._lasted_ms >= MOST_TURN_MS:
            self.open = False
            return Turn.ENDED
        return Turn.NONE
