"""Wake a thread that waits in a selector: a socket pair that holds at most a few bytes."""

from __future__ import annotations

import socket
from typing import Final

_DRAIN_BYTES: Final = 4096


class Wake:
    """Register ``reader`` in the selector; ``call`` from any thread, ``drain`` on the waiting one."""

    def __init__(self) -> None:
        self.reader, self._writer = socket.socketpair()
        self.reader.setblocking(False)
        self._writer.setblocking(False)

    def call(self) -> None:
        """Make the selector return. After ``close`` nothing happens: nobody waits any more."""
        try:
            self._writer.send(b"\0")
        except OSError:
            # Full: it is awake already. Closed: it has stopped.
            return

    def drain(self) -> None:
        """Take out what ``call`` put in."""
        try:
            self.reader.recv(_DRAIN_BYTES)
        except (BlockingIOError, InterruptedError):
            return

    def close(self) -> None:
        """Give both sockets back."""
        self.reader.close()
        self._writer.close()
