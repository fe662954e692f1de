"""No sound at all: the face lives on idle."""

from __future__ import annotations

import time

from visaged.audio.source import Block, SourceFormat
from visaged.clock import RATE_HZ


class NoSource:
    """Never delivers anything."""

    def __init__(self) -> None:
        self.name = "none"
        self.xruns = 0
        self.notices: list[str] = []
        self.fault = self.channels = None

    def open(self) -> SourceFormat:
        """Always succeeds."""
        return SourceFormat(RATE_HZ, 1, RATE_HZ // 100, "no sound", hears_room=False, mixed=True)

    def read(self) -> Block | None:
        """Waits 0.1 s."""
        time.sleep(0.1)
        return None

    def close(self) -> None:
        """Nothing is held."""
