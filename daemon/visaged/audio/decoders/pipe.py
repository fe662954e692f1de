"""The bytes of a pipe, waited for in small steps, so that who waits can be stopped."""

from __future__ import annotations

import array
import fcntl
import os
import select
import stat
import termios
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from visaged.audio.decoders.input_file import REMEDY, is_stdin, name_of, open_stream
from visaged.audio.errors import FileUnusable

_STEP_S: Final = 0.1
# A program that speaks now and then is silent for longer; one that hangs is worth a word.
_IDLE_STEPS: Final = 100
_READABLE: Final = select.POLLIN | select.POLLHUP


class Pipe:
    """One descriptor. A FIFO that nobody writes to is waited for; standard input that has ended has ended.

    Of a FIFO each writer has an end of its own, even where the next one comes before all of the last was read.
    """

    def __init__(self, descriptor: int, *, on_idle: Callable[[], None] = lambda: None) -> None:
        """``on_idle`` is called when a writer has sent nothing for 10 s."""
        self._descriptor = descriptor
        self.is_fifo = False
        """Whether another writer may come when one has ended."""
        self.stopping = threading.Event()
        """Set it, and whoever reads returns within 0.1 s as if at the end."""
        self._on_idle = on_idle
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLIN)
        self._of_last: int | None = None
        self._abandoned = False

    def read(self, count: int) -> bytes:
        """Up to ``count`` bytes, as soon as there are some; b"" at the end."""
        steps = 0
        while not (self._abandoned or self.stopping.is_set()):
            if not self._look(_STEP_S):
                steps += 1
                if steps == _IDLE_STEPS:
                    self._on_idle()
                continue
            if self._of_last is None:
                return os.read(self._descriptor, count)
            data = os.read(self._descriptor, min(count, self._of_last)) if self._of_last else b""
            self._of_last = self._of_last - len(data) if data else None
            return data
        return b""

    def abandon(self) -> None:
        """Nobody wants to read on: it is at its end for who reads, within 0.1 s."""
        self._abandoned = True

    def look(self) -> None:
        """Notice when the writer goes; for who holds it back and does not read meanwhile."""
        self._look(0)

    def _look(self, timeout_s: float) -> bool:
        """Whether there is something to read, or the end."""
        events = self._poll.poll(timeout_s * 1000)
        if self.is_fifo and self._of_last is None and events and events[0][1] & select.POLLHUP:
            # Nobody writes now: what is in the pipe is the rest, and what comes later is another's.
            waiting = array.array("i", [0])
            fcntl.ioctl(self._descriptor, termios.FIONREAD, waiting)
            self._of_last = waiting[0]
        return self._of_last is not None or any(event & _READABLE for _, event in events)

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


def open_pipe(path: Path | str, *, on_idle: Callable[[], None] = lambda: None) -> Pipe:
    """Without waiting for a writer. Raises FileUnusable."""
    try:
        pipe = Pipe(open_stream(path, os.O_NONBLOCK), on_idle=on_idle)
        # What a shell opens for a command under /dev/fd has one writer only.
        pipe.is_fifo = Path(path).is_fifo() and not str(path).startswith(("/dev/", "/proc/"))
        return pipe
    except OSError as error:
        raise FileUnusable(f"{name_of(path)} cannot be read: {error.strerror}", REMEDY) from None


def make_fifo(path: Path | str) -> None:
    """A FIFO at ``path``, made where there is none. Raises FileUnusable: something else is there, or it cannot be."""
    if is_stdin(path):
        return
    remedy = "Set audio.input.path to a FIFO, or to a name in a folder that the daemon may write to."
    try:
        before = os.umask(0o117)
        try:
            os.mkfifo(path, 0o660)
        finally:
            os.umask(before)
    except FileExistsError:
        if not stat.S_ISFIFO(Path(path).stat().st_mode):
            raise FileUnusable(f"{name_of(path)} is there, but it is no FIFO", remedy) from None
    except OSError as error:
        raise FileUnusable(f"the FIFO {name_of(path)} cannot be made: {error.strerror}", remedy) from None
