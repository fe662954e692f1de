"""From ``HOST:PORT`` to addresses on the board, in the daemon: names are looked up on threads of their own.

A look-up may block for many seconds; one thread per name keeps a dead name from holding up the others.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from visaged.config.hosts import addresses
from visaged.guard import guarded
from visaged.outputs.board import Address, PoseBoard
from visaged.problems import Problems

# A name that resolves is looked up again this often: DHCP moves PCs about.
_REFRESH_S: Final = 60.0
# One that does not: soon at first (the network is still coming up), later seldom.
_RETRY_FIRST_S: Final = 1.0
_RETRY_LAST_S: Final = 30.0

LookUp = Callable[[str, int], Address]


def split_target(target: str) -> tuple[str, int]:
    """Host (without brackets) and port of a target that ``config`` has accepted."""
    host, _, port = target.rpartition(":")
    return host.strip("[]"), int(port)


def look_up(host: str, port: int, flags: int = 0) -> Address:
    """The address of ``host`` now; blocks. Raises OSError (socket.gaierror) when there is none."""
    found = addresses(host, port, flags=flags)
    # Unreal listens on IPv4 unless told otherwise, and "localhost" often means ::1 first.
    family, _, _, _, where = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    if family == socket.AF_INET6:
        # getaddrinfo may give fe80::1%eth0 back with its scope; the scope id says it already.
        return Address(family, str(where[0]).partition("%")[0], port, int(where[3]) if len(where) == 4 else 0)
    return Address(family, str(where[0]), port, 0)


class Resolver:
    """Keeps the addresses of all targets on the board up to date."""

    def __init__(self, board: PoseBoard, targets: Sequence[str], problems: Problems, look_up: LookUp = look_up) -> None:
        self._board = board
        self._problems = problems
        self._look_up = look_up
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._nudges: dict[int, threading.Event] = {}
        self._targets = [split_target(target) for target in targets]

    def start(self) -> None:
        """Put up what needs no look-up at once, and start looking up the rest."""
        for number, (host, port) in enumerate(self._targets):
            try:
                address = look_up(host, port, socket.AI_NUMERICHOST)
            except OSError:
                self._nudges[number] = threading.Event()
                name = f"livelink-resolve-{number}"
                watch = partial(self._watch, number, host, port)
                guarded(watch, name, self._problems, self._stop.is_set).start()
            else:
                self._put_up(number, address)

    def nudge(self, number: int) -> None:
        """Look target ``number`` up again soon: sending to it fails."""
        if number in self._nudges:
            self._nudges[number].set()

    def stop(self) -> None:
        """Let the threads end; one that is in the middle of a look-up ends after it."""
        self._stop.set()
        for nudge in self._nudges.values():
            nudge.set()

    def _watch(self, number: int, host: str, port: int) -> None:
        code, retry_s = f"livelink_target_{number}_name", _RETRY_FIRST_S
        while not self._stop.is_set():
            try:
                address = self._look_up(host, port)
            except OSError as error:
                remedy = "Check the name in livelink.targets, or give an address; it is tried again and again"
                self._problems.open(code, f"Live Link target '{host}' does not resolve ({error.strerror})", remedy)
                self._stop.wait(retry_s)
                retry_s = min(2 * retry_s, _RETRY_LAST_S)
                continue
            self._put_up(number, address)
            self._problems.clear(code)
            # Nudged by failing sends it looks up again, but no more often than a name that does not resolve.
            self._nudges[number].clear()
            self._stop.wait(retry_s)
            retry_s = min(2 * retry_s, _RETRY_LAST_S) if self._nudges[number].wait(_REFRESH_S) else _RETRY_FIRST_S

    def _put_up(self, number: int, address: Address) -> None:
        with self._lock:
            if self._board.address(number) != address:
                self._board.set_address(number, address)
