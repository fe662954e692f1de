"""From ``HOST:PORT`` to addresses on the board, in the daemon: names are looked up on threads of their own.

A look-up may block for many seconds; one thread per name keeps a dead name from holding up the others.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from visaged.config.hosts import addresses
from visaged.guard import guarded
from visaged.outputs.board import Address, PoseBoard
from visaged.outputs.destinations import Destination
from visaged.problems import Problems

# A name that resolves is looked up again this often: DHCP moves PCs about.
_REFRESH_S: Final = 60.0
# One that does not: soon at first (the network is still coming up), later seldom.
_RETRY_FIRST_S: Final = 1.0
_RETRY_LAST_S: Final = 30.0

LookUp = Callable[[str, int], Address]


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

    def __init__(
        self, board: PoseBoard, targets: Sequence[Destination], problems: Problems, look_up: LookUp = look_up
    ) -> None:
        self._board = board
        self._problems = problems
        self._look_up = look_up
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._nudges: dict[int, threading.Event] = {}
        self._targets = targets
        self.known: dict[tuple[str, int], Address] = {}
        """What host and port were found to be."""

    def start(self, known: Mapping[tuple[str, int], Address] | None = None) -> None:
        """Put up what needs no look-up at once, and start looking up the rest.

        ``known``: what the resolver before this one found; it is gone by until it is looked up anew.
        """
        for target in self._targets:
            number, host, port = target.number, target.host, target.port
            try:
                address = look_up(host, port, socket.AI_NUMERICHOST)
            except OSError:
                if known is not None and (host, port) in known:
                    self._put_up(target, known[host, port])
                else:
                    # Whose place it takes is not sent what is meant for it.
                    self._board.clear_address(number)
                self._nudges[number] = threading.Event()
                name = f"{target.protocol}-resolve-{number}"
                guarded(partial(self._watch, target), name, self._problems, self._stop.is_set).start()
            else:
                self._put_up(target, address)

    def nudge(self, number: int) -> None:
        """Look target ``number`` up again soon: sending to it fails."""
        if number in self._nudges:
            self._nudges[number].set()

    def stop(self) -> None:
        """Let the threads end; one that is in the middle of a look-up ends after it, and its answer is not used."""
        with self._lock:
            self._stop.set()
        for nudge in self._nudges.values():
            nudge.set()

    def _watch(self, target: Destination) -> None:
        code, retry_s, host = target.name_code, _RETRY_FIRST_S, target.host
        while not self._stop.is_set():
            try:
                address = self._look_up(host, target.port)
            except OSError as error:
                remedy = f"Check the name in {target.key}, or give an address; it is tried again and again"
                if not self._stop.is_set():
                    what = f"{target.title} '{host}' does not resolve ({error.strerror})"
                    self._problems.open(code, what, remedy)
                self._stop.wait(retry_s)
                retry_s = min(2 * retry_s, _RETRY_LAST_S)
                continue
            self._put_up(target, address)
            self._problems.clear(code)
            # Nudged by failing sends it looks up again, but no more often than a name that does not resolve.
            nudge = self._nudges[target.number]
            nudge.clear()
            # The nudge of the end may have come before it was cleared.
            if self._stop.wait(retry_s):
                return
            retry_s = min(2 * retry_s, _RETRY_LAST_S) if nudge.wait(_REFRESH_S) else _RETRY_FIRST_S

    def _put_up(self, target: Destination, address: Address) -> None:
        with self._lock:
            if self._stop.is_set():
                return
            self.known[target.host, target.port] = address
            wanted = address._replace(form=target.form.to_text())
            if self._board.address(target.number) != wanted:
                self._board.set_address(target.number, wanted)
