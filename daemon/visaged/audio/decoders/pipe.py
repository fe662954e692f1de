"""The bytes of a pipe, waited for in small steps, so that who waits can be stopped."""

from __future__ import annotations

import os
import select
import threading
from pathlib import Path
from typing import Final

from visaged.audio.decoders.input_file import REMEDY, name_of, open_stream
from visaged.audio.errors import FileUnusable

_STEP_S: Final = 0.1


class Pipe:
    """One descriptor. A FIFO that nobody writes to is waited for; standard input that has ended has ended."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.is_fifo = False
        """Whether another writer may come when one has ended."""
        self.stopping = threading.Event()
        """Set it, and whoever reads returns within 0.1 s as if at the end."""
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLIN)

    def read(self, count: int) -> bytes:
        """Up to ``count`` bytes, as soon as there are some; b"" at the end."""
        while not self.stopping.is_set():
            if self._poll.poll(_STEP_S * 1000):
                return os.read(self._descriptor, count)
        return b""

    def wait_for_writer(self) -> bool:
        """Until somebody writes to a FIFO again; False: it was stopped meanwhile."""
        while not self.stopping.is_set():
            events = self._poll.poll(_STEP_S * 1000)
            if any(event & select.POLLIN for _, event in events):
                return True
            # Without a writer poll says at once that nobody is there.
            if events:
                self.stopping.wait(_STEP_S)
        return False

    def close(self) -> None:
        """Give the descriptor back."""
        os.close(self._descriptor)


def open_pipe(path: Path | str) -> Pipe:
    """Without waiting for a writer. Raises FileUnusable."""
    try:
        pipe = Pipe(open_stream(path, os.O_NONBLOCK))
        # What a shell opens for a command under /dev/fd has one writer only.
        pipe.is_fifo = Path(path).is_fifo() and not str(path).startswith(("/dev/", "/proc/"))
        return pipe
    except OSError as error:
        raise FileUnusable(f"{name_of(path)} cannot be read: {error.strerror}", REMEDY) from None
