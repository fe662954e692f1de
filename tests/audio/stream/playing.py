"""A pipe source that is played without waiting for the time, and those who write to it."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tests.audio.wavs import tone
from visaged.audio.stream.pipe import pipe_source
from visaged.config.sound import InputSettings

PATIENCE_S = 30.0


class Playing:
    """A source, and the sound it has delivered without the silence in between."""

    def __init__(self, path: Path | str, **settings: object) -> None:
        self.source = pipe_source(InputSettings(path=str(path), **settings))
        self.form = self.source.open()
        self.sound = np.zeros(0, np.float32)

    def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline, self.source.notices
            block = self.source.read()
            assert block is not None
            heard = block.frames[:, 0]
            self.sound = np.concatenate(
                [self.sound, heard[: np.flatnonzero(heard)[-1] + 1] if heard.any() else heard[:0]]
            )
            if not heard.any():
                time.sleep(0.001)

    def ended(self) -> bool:
        return any("has ended" in notice for notice in self.source.notices)


# Never zero, so that silence in between can be told from it.
VOICE = 0.2 * tone(seconds=0.5) + np.float32(0.3)


def write(path: Path, content: bytes) -> threading.Thread:
    """A writer that may be refused."""

    def put() -> None:
        with contextlib.suppress(BrokenPipeError):
            path.write_bytes(content)

    writer = threading.Thread(target=put)
    writer.start()
    return writer
