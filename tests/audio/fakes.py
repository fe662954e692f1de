"""Sources and sinks of numbers, for tests of the stages around them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable

import numpy as np

from visaged.audio.errors import AudioError
from visaged.audio.sink import Queued, SinkFormat
from visaged.audio.source import Block, SourceFormat


class FakeSource:
    """Plays a script: a Block is delivered, an error raised, an Event waited for, a number added to ``xruns``."""

    def __init__(self, script: Iterable[Block | AudioError | threading.Event | int], rate_hz: int = 48_000) -> None:
        self.name = "fake:source"
        self.xruns = 0
        self.notices: list[str] = []
        self.fault = self.channels = None
        self.closed = 0
        self._script = iter(script)
        self._rate_hz = rate_hz

    def open(self) -> SourceFormat:
        return SourceFormat(self._rate_hz, 1, self._rate_hz // 100, "a fake")

    def read(self) -> Block | None:
        for step in self._script:
            if isinstance(step, Block):
                return step
            if isinstance(step, AudioError):
                raise step
            if isinstance(step, threading.Event):
                step.wait()
                return None
            self.xruns += step
            return None
        time.sleep(0.005)
        return None

    def close(self) -> None:
        self.closed += 1


class FakeSink:
    """A speaker whose time passes as it is written to; two blocks are always queued. ``played`` is what it got."""

    def __init__(
        self, *, rate_hz: int = 48_000, block_frames: int = 480, fails: list[AudioError] | None = None
    ) -> None:
        self.name = "fake:sink"
        self.underruns = 0
        self.played: list[np.ndarray] = []
        self._rate_hz = rate_hz
        self._block_frames = block_frames
        self._fails = fails or []

    def open(self) -> SinkFormat:
        if self._fails:
            raise self._fails.pop(0)
        return SinkFormat(self._rate_hz, self._block_frames, "a fake")

    def wait(self) -> Queued | None:
        time.sleep(0.001)
        written = len(self.played) * self._block_frames
        queued = min(2 * self._block_frames, written)
        return Queued(queued, (written - queued) * 1_000_000_000 // self._rate_hz)

    def write(self, sound: np.ndarray) -> None:
        self.played.append(sound.copy())

    def close(self) -> None:
        pass


def block(value: float, end_ns: int, count: int = 480) -> Block:
    """``count`` samples of ``value``."""
    return Block(np.full((count, 1), value, np.float32), end_ns)
