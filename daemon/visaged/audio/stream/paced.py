"""A source that plays what a feeder brings, in real time: never waits for it, silence where there is nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

import numpy as np

from visaged.audio.backends.pacing import Pacing
from visaged.audio.channels.watch import ChannelWatch
from visaged.audio.errors import AudioError
from visaged.audio.source import Block, SourceFormat
from visaged.audio.stream.backlog import Backlog
from visaged.clock import RATE_HZ

_DROPPED: Final = (
    "{} s of sound were dropped, as more waited than a live voice needs; from here on only counted (overruns)"
)


class Feeder(Protocol):
    """A thread that puts mono 48 kHz into a backlog."""

    described: str
    """Where it comes from, for a person: ``pipe, standard input``."""

    @property
    def fault(self) -> AudioError | None:
        """Why what came was not played; None: all is well."""
        ...

    @property
    def channels(self) -> ChannelWatch | None:
        """The channels of what comes."""
        ...

    def told(self) -> list[str]:
        """What is new and worth a word."""
        ...

    def stop(self) -> None:
        """End the thread."""
        ...


class PacedSource:
    """An ``AudioSource`` (source.py)."""

    def __init__(self, name: str, block_ms: int, feed: Callable[[Backlog], Feeder]) -> None:
        """``feed`` starts a feeder for a backlog. It may raise AudioError."""
        self.name = name
        self.notices: list[str] = []
        self._feed = feed
        self._block_frames = RATE_HZ * block_ms // 1000
        self._pacing = Pacing(self._block_frames)
        self._backlog = Backlog()
        self._feeder: Feeder | None = None
        self._drops = 0

    @property
    def xruns(self) -> int:
        """Blocks that were not fetched in time, and how often sound that had become too old was dropped."""
        return self._pacing.xruns + self._drops + self._backlog.drops

    @property
    def fault(self) -> AudioError | None:
        """Why what came last was not played."""
        return None if self._feeder is None else self._feeder.fault

    @property
    def channels(self) -> ChannelWatch | None:
        """The channels of what comes."""
        return None if self._feeder is None else self._feeder.channels

    def open(self) -> SourceFormat:
        """Begin; what is not there yet is waited for in silence. Raises AudioError."""
        self._drops += self._backlog.drops
        self._backlog = Backlog()
        self._frames = np.zeros((self._block_frames, 1), np.float32)
        self._feeder = self._feed(self._backlog)
        self._pacing.start()
        return SourceFormat(RATE_HZ, 1, self._block_frames, self._feeder.described, hears_room=False, mixed=True)

    def read(self) -> Block | None:
        """The next block, when its last sample is due."""
        assert self._feeder is not None, "read before open"
        due_ns = self._pacing.wait(self._backlog.speed)
        drops = self._backlog.drops
        count = self._backlog.take(self._frames[:, 0])
        self._frames[count:] = 0
        self.notices += self._feeder.told()
        if drops < self._backlog.drops == 1:
            self.notices.append(f"{self.name}: {_DROPPED.format(round(self._backlog.dropped_samples / RATE_HZ, 1))}")
        return Block(self._frames, due_ns)

    def close(self) -> None:
        """Stop."""
        if self._feeder is not None:
            self._backlog.close()
            self._feeder.stop()
            self._feeder = None
