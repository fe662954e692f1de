"""What the daemon and the web process say to each other: JSON messages over a socket pair, descriptors beside them.

To the web process: ``settings`` (all of them), ``roots`` (model packages), with a descriptor of the pose board. To the
daemon: ``alive`` with figures, ``address``, ``open`` and ``clear`` of a problem, ``log``. The end of the stream means
that the other side is gone.
"""

from __future__ import annotations

import json
import os
import socket
from typing import Any, Final

MESSAGE_BYTES: Final = 1 << 17
"""The settings of a box are 6 kB."""
_MOST_DESCRIPTORS: Final = 4


class Channel:
    """One end. ``send`` never waits; one thread receives."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        end.setblocking(False)

    @classmethod
    def pair(cls) -> tuple[Channel, socket.socket]:
        """Ours, and the other end to hand to the process."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        return cls(ours), theirs

    def fileno(self) -> int:
        """For poll and selectors."""
        return self._end.fileno()

    def send(self, descriptors: tuple[int, ...] = (), **message: Any) -> bool:
        """Whether it went out; one that finds no room is left out."""
        try:
            socket.send_fds(self._end, [json.dumps(message).encode()], list(descriptors))
        except OSError:
            return False
        return True

    def receive(self) -> tuple[dict[str, Any], tuple[int, ...]] | None:
        """A message and its descriptors, which are the caller's now; None: the other side is gone.

        Raises BlockingIOError when there is none.
        """
        try:
            data, descriptors, _, _ = socket.recv_fds(self._end, MESSAGE_BYTES, _MOST_DESCRIPTORS)
        except BlockingIOError:
            raise
        except OSError:
            return None
        if not data:
            return None
        for descriptor in descriptors:
            os.set_inheritable(descriptor, False)
        try:
            message = json.loads(data)
        except ValueError:
            message = {}
        return (message if isinstance(message, dict) else {}), tuple(descriptors)

    def close(self) -> None:
        """Hang up."""
        self._end.close()
