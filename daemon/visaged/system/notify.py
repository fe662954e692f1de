"""sd_notify(3): how the service stands, in datagrams to the socket that systemd names. This file is its specification.

Spoken here and not through systemd-python: that is one more thing to compile on the box, and importing it takes 25 ms
of a start that takes 330 (measured on two cores of a virtual machine), for a protocol of one datagram. Without
systemd nothing happens.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from typing import Final

from visaged.clock import now_ns
from visaged.printable import printable

READY: Final = "READY=1"
FEED: Final = "WATCHDOG=1"
STOPPING: Final = "STOPPING=1"
# systemd kills and restarts at once, as if the watchdog had run out.
GIVE_UP: Final = "WATCHDOG=trigger"

_US_PER_S: Final = 1_000_000


class Notifier:
    """The service's line to systemd. Any thread; never blocks, never raises."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        """``environment``: NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID as systemd sets them."""
        address = environment.get("NOTIFY_SOCKET", "")
        # An "@" stands for the zero byte of an abstract address.
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self._watchdog_s = _watchdog_s(environment)
        self._socket: socket.socket | None = None
        if self._address:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)

    @property
    def active(self) -> bool:
        """Whether systemd listens."""
        return self._socket is not None

    @property
    def watchdog_s(self) -> float | None:
        """How long systemd waits between two feeds, s; None: it does not watch."""
        return self._watchdog_s if self.active else None

    def tell(self, *assignments: str) -> bool:
        """Send ``NAME=value`` lines in one datagram; False when systemd could not take it now."""
        if self._socket is None:
            return False
        try:
            self._socket.sendto("\n".join(assignments).encode(), self._address)
        except OSError:
            # Its queue is full, or it is just replacing itself: what matters is sent again.
            return False
        return True

    def tell_status(self, text: str) -> bool:
        """The line that ``systemctl status`` shows."""
        return self.tell("STATUS=" + printable(" ".join(text.split())))

    def tell_patience(self, seconds: float) -> bool:
        """Let the watchdog wait for so long from now on, and feed it."""
        return self.tell(f"WATCHDOG_USEC={round(seconds * _US_PER_S)}", FEED)

    def tell_reloading(self) -> bool:
        """Settings are being read again; READY follows."""
        return self.tell("RELOADING=1", f"MONOTONIC_USEC={now_ns() // 1000}")


def _watchdog_s(environment: Mapping[str, str]) -> float | None:
    # WATCHDOG_PID: of the process that is meant, where a wrapper handed its environment on.
    meant = environment.get("WATCHDOG_PID", "")
    microseconds = environment.get("WATCHDOG_USEC", "")
    if not microseconds.isdecimal() or int(microseconds) == 0 or meant not in ("", str(os.getpid())):
        return None
    return int(microseconds) / _US_PER_S
