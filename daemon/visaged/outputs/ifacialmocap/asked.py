"""Listens on UDP port 49983 as the app does, and puts whoever asks on the board. One thread, in the daemon."""

from __future__ import annotations

import logging
import select
import socket
import threading
from fractions import Fraction
from typing import Final

from visaged.clock import now_ns
from visaged.guard import guarded
from visaged.outputs.board import Address, PoseBoard, TargetCell
from visaged.outputs.destinations import ifacialmocap_form
from visaged.outputs.ifacialmocap.frame import PORT
from visaged.outputs.ifacialmocap.leases import Lease, Leases
from visaged.printable import printable
from visaged.problems import Problems

log = logging.getLogger(__name__)

PORT_PROBLEM: Final = "ifacialmocap_port"
_LOOK_S: Final = 0.5
# A storm of requests: so many are looked at, then this thread rests.
_AT_ONCE: Final = 64
_REST_S: Final = 0.02
# Answers "port unreachable" since the request: the receiver has gone.
_GONE_ERRORS: Final = 3
_RETRY_S: Final = 5.0


class Asked:
    """``start``, ``stop``; ``requests`` and ``refused`` count."""

    def __init__(
        self, board: PoseBoard, numbers: range, rate_hz: Fraction, problems: Problems, port: int = PORT
    ) -> None:
        """``numbers``: where those who ask are put. ``port``: asked and answered there; 0: tests."""
        self._board = board
        self.numbers = numbers
        """The places on the board."""
        self._rate_hz = rate_hz
        self._problems = problems
        self.port = port
        self.requests = self.refused = 0
        self._leases = Leases(len(numbers))
        self._shown: list[Lease | None] = [None] * len(numbers)
        self._errors = [0] * len(numbers)
        self._stopping = threading.Event()
        self._thread = guarded(self._serve, "ifacialmocap-asked", problems, self._stopping.is_set)

    @property
    def receivers(self) -> int:
        """Who is sent the face now."""
        return sum(lease is not None for lease in self._shown)

    def start(self) -> None:
        """Listen."""
        self._thread.start()

    def stop(self) -> None:
        """Give the port back, and take the receivers off the board."""
        self._stopping.set()
        self._thread.join()
        self._problems.clear(PORT_PROBLEM)
        for number in self.numbers:
            self._board.clear_address(number)

    def _serve(self) -> None:
        while not self._stopping.is_set():
            try:
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
                    asked.bind(("0.0.0.0", self.port))
                    self.port = asked.getsockname()[1]
                    asked.setblocking(False)
                    self._problems.clear(PORT_PROBLEM)
                    self._listen(asked)
            except OSError as error:
                what = f"iFacialMocap: UDP port {self.port} cannot be listened on ({error.strerror})"
                remedy = f"Close what has it (`ss -lunp sport = :{self.port}`), or set ifacialmocap.listen = false"
                self._problems.open(PORT_PROBLEM, what, remedy)
                self._stopping.wait(_RETRY_S)

    def _listen(self, asked: socket.socket) -> None:
        while not self._stopping.is_set():
            if select.select([asked], [], [], _LOOK_S)[0]:
                self._take(asked)
            self._leases.expire(now_ns())
            self._end_unheard()
            self._show()

    def _take(self, asked: socket.socket) -> None:
        for _ in range(_AT_ONCE):
            try:
                datagram, (host, *_) = asked.recvfrom(512)
            except BlockingIOError:
                return
            except OSError:
                # The answer to something sent long ago; there is more to read.
                continue
            answer = self._leases.ask(datagram, host, now_ns())
            self.requests += 1
            if answer in ("full", "stranger", "not understood"):
                self.refused += 1
                log.debug("iFacialMocap request from %s: %s", printable(host), answer)
            elif answer == "new":
                log.info("iFacialMocap: %s asked for the face", printable(host))
        self._stopping.wait(_REST_S)

    def _end_unheard(self) -> None:
        for place, number in enumerate(self.numbers):
            lease, errors = self._leases.held[place], self._count(number)
            if lease is not None and lease is self._shown[place] and errors - self._errors[place] >= _GONE_ERRORS:
                log.info("iFacialMocap: nobody listens at %s any more", lease.host)
                self._leases.end(place)

    def _show(self) -> None:
        for place, (number, lease) in enumerate(zip(self.numbers, self._leases.held, strict=True)):
            if lease is self._shown[place]:
                continue
            self._shown[place] = lease
            self._errors[place] = self._count(number)
            if lease is None:
                self._board.clear_address(number)
                continue
            form = ifacialmocap_form(self._rate_hz, lease.version).to_text()
            address = Address(socket.AF_INET, lease.host, self.port, 0, form)
            if self._board.address(number) != address:
                self._board.set_address(number, address)

    def _count(self, number: int) -> int:
        return self._board.cells[self._board.target_cell(number, TargetCell.ERRORS)]
