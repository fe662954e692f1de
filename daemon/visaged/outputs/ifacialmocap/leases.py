"""Who asked for the face, and until when it is sent there. Pure; fed by ``asked.py``.

A request is one datagram and its source address can be forged, so that somebody else would be flooded. Hence: only
addresses of the local network, a bounded number of them, for a bounded time, and an end as soon as nobody listens.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Final, Literal

from visaged.clock import NS_PER_S

SECRET: Final = "sahuasouryya9218sauhuiayeta91555dy3719"
"""Part of the protocol, the same for everybody."""

LEASE_NS: Final = 600 * NS_PER_S
"""After a request. Some receivers ask every few seconds, some once: these must ask again after that."""

_REQUEST: Final = re.compile(rf"iFacialMocap_{SECRET}(\|sendDataVersion=v([12]))?")
_STOP: Final = re.compile(rf"iFacialMocap_UDPTCPSTOP_{SECRET}")
_MAX_BYTES: Final = 256

Answer = Literal["new", "again", "stop", "full", "stranger", "not understood"]


@dataclass
class Lease:
    """One receiver that asked."""

    host: str
    version: int
    until_ns: int


class Leases:
    """At most ``places`` receivers at a time. ``held``: by place."""

    def __init__(self, places: int) -> None:
        self.held: list[Lease | None] = [None] * places

    def ask(self, datagram: bytes, host: str, time_ns: int) -> Answer:
        """Take a request that came from ``host``."""
        text = datagram.decode("ascii", errors="replace") if len(datagram) <= _MAX_BYTES else ""
        request = _REQUEST.fullmatch(text.rstrip("\0\r\n "))
        stop = _STOP.fullmatch(text.rstrip("\0\r\n "))
        if request is None and stop is None:
            return "not understood"
        if not _is_local(host):
            return "stranger"
        place = next((p for p, lease in enumerate(self.held) if lease is not None and lease.host == host), None)
        if request is None:
            if place is not None:
                self.held[place] = None
            return "stop"
        known = place is not None
        if place is None:
            place = next((p for p, lease in enumerate(self.held) if lease is None), None)
        if place is None:
            return "full"
        self.held[place] = Lease(host, int(request[2] or 1), time_ns + LEASE_NS)
        return "again" if known else "new"

    def expire(self, time_ns: int) -> None:
        """Forget those whose time is over."""
        for place, lease in enumerate(self.held):
            if lease is not None and time_ns >= lease.until_ns:
                self.held[place] = None

    def end(self, place: int) -> None:
        """Forget the one at ``place``: nobody listens there."""
        self.held[place] = None


def _is_local(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    # 0.0.0.0, broadcast and multicast are private to some, too, and would reach many.
    return address.is_private and not (address.is_multicast or address.is_unspecified or host == "255.255.255.255")
