"""Barge-in: the guest talks over the avatar for so long that the avatar should let them."""

from __future__ import annotations


class BargeIn:
    """One conversation. One thread."""

    def __init__(self, after_ms: float) -> None:
        """``after_ms``: how long both must speak at once; 0: never."""
        self._after_ms = after_ms
        self._both_ms = 0.0

    def hear(self, guest: bool, avatar: bool, duration_ms: float) -> bool:
        """Who spoke for the last ``duration_ms``; whether the avatar must stop now. Once per overlap."""
        if not (guest and avatar):
            self._both_ms = 0.0
            return False
        before, self._both_ms = self._both_ms, self._both_ms + duration_ms
        return bool(self._after_ms) and before < self._after_ms <= self._both_ms
