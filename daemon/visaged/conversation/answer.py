"""What mode converse and one conversation share: where the answer goes, and the error both raise."""

from __future__ import annotations

from dataclasses import dataclass

from visaged.audio.ring import AudioRing
from visaged.clock import Timeline


class ConverseError(Exception):
    """Mode converse cannot be had as asked; ``key`` is the setting that is in the way."""

    def __init__(self, message: str, key: str) -> None:
        super().__init__(message)
        self.key = key


@dataclass(frozen=True)
class AnswerVoice:
    """Where the peer's voice goes; it outlives the conversations."""

    ring: AudioRing
    timeline: Timeline
