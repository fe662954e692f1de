"""What mode converse and one conversation share: where the answer goes, and the error both raise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from visaged.audio.follower import DelayedRing
from visaged.audio.ring import AudioRing
from visaged.clock import Timeline
from visaged.conversation.voice.speaker import SpeakerVoice


class ConverseError(Exception):
    """Mode converse cannot be had as asked; ``key`` is the setting that is in the way."""

    def __init__(self, message: str, key: str) -> None:
        super().__init__(message)
        self.key = key


class AnswerVoice:
    """Where the peer's voice goes; it outlives the conversations."""

    def __init__(self, delay_ns: Callable[[], float]) -> None:
        """``delay_ns()``: how much later than it is due the speaker plays it."""
        self.ring = AudioRing()
        self.timeline = Timeline()
        self._due = DelayedRing(self.ring, self.timeline, delay_ns)
        self.speaker = SpeakerVoice(self._due)
        """For the speaker."""

    def leaves_speaker(self, time_ns: int) -> float | None:
        """The index that leaves the speaker at ``time_ns``; None: nothing does."""
        return self._due.position_at(time_ns)


class Talk(Protocol):
    """One conversation. ``start`` to ``health`` from one thread at a time, but ``alive_ns``, which is any's."""

    def start(self) -> None:
        """Begin."""
        ...

    def stop(self) -> None:
        """End; what was set for it is put back."""
        ...

    def restart(self) -> None:
        """Its threads anew (the watchdog)."""
        ...

    @property
    def alive_ns(self) -> int:
        """The oldest sign of life of its threads (CLOCK_MONOTONIC); 0: one is not started."""
        ...

    def health(self) -> dict[str, Any]:
        """Figures of the section that ``section`` names."""
        ...

    section: str
    """Of health: ``codec`` or ``conversation``."""
