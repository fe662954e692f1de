"""One connection to the control socket, and who gives way when there are more of them than places."""

from __future__ import annotations

import socket
import struct
from collections import Counter
from collections.abc import Collection
from typing import Final

from visaged.clock import NS_PER_S, now_ns

MAX_ASKERS: Final = 16
"""Places: a person, a script, a page and a monitor; more means that somebody leaks connections."""

MAX_PER_USER: Final = 12
"""Places of one user of the machine: whatever one of them does, the others keep four."""

IDLE_NS: Final = 300 * NS_PER_S
"""Who has asked nothing for so long is hung up on."""

# struct ucred: process, user, group
_CREDENTIALS: Final = struct.Struct("3i")


class NoPlace(Exception):
    """Every connection that could give way waits for an answer."""


class Asker:
    """A connection, what came of a line so far, and what waits to be sent."""

    def __init__(self, connection: socket.socket, origin: str) -> None:
        """``origin``: whose rate it counts against."""
        self.connection = connection
        self.origin = origin
        self.uid = user_of(connection)
        self.received = bytearray()
        self.unsent = bytearray()
        self.closing = False
        self.waiting = 0
        """Requests that are not answered yet."""
        self.active_ns = now_ns()
        """When it last asked something or took an answer; half a line is nothing."""

    def is_idle(self, time_ns: int) -> bool:
        """Whether it is to be hung up on."""
        return self.waiting == 0 and time_ns - self.active_ns >= IDLE_NS


def user_of(connection: socket.socket) -> int:
    """The user id at the other end, as of its connect."""
    _, uid, _ = _CREDENTIALS.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
    return int(uid)


def who_gives_way(askers: Collection[Asker], uid: int) -> Asker | None:
    """Whose place a newcomer of user ``uid`` gets; None: there is one. Raises NoPlace.

    One of its own user where that has its share, else one of the user who has most; the one that was quiet longest.
    """
    places = Counter(asker.uid for asker in askers)
    if places[uid] < MAX_PER_USER and len(askers) < MAX_ASKERS:
        return None
    loser = uid if places[uid] >= MAX_PER_USER else places.most_common(1)[0][0]
    quiet = [asker for asker in askers if asker.uid == loser and asker.waiting == 0]
    if not quiet:
        raise NoPlace
    return min(quiet, key=lambda asker: asker.active_ns)
