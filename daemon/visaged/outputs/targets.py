"""Where packets go: one non-blocking socket per target, in the sender. Nothing here waits, looks up names or logs.

Failures are counted on the board; ``outages.py`` says them, ``resolver.py`` finds the addresses.
"""

from __future__ import annotations

import errno
import socket
from typing import Final, NamedTuple

from visaged.outputs.board import MAX_TARGETS, Address, Cell, PoseBoard, TargetCell
from visaged.outputs.encoders import Encoder, Moment, make_encoder
from visaged.outputs.form import Form

# linux/in.h and linux/in6.h; the socket module does not name them all.
_IP_RECVERR: Final = 11
_IPV6_RECVERR: Final = 25

# Replies that may wait in a socket's error queue: a receiver that is not there answers each packet.
_ERRORS_PER_SEND: Final = 4


class Targets:
    """Sends each pose to every target whose address is known. One thread: the sender's."""

    def __init__(self, board: PoseBoard) -> None:
        self._board = board
        self._rate_hz = board.schedule.rate_hz
        self._addresses = -1
        self._targets: list[_Target | None] = [None] * MAX_TARGETS
        self._groups: tuple[_Group, ...] = ()
        self.refresh()

    def refresh(self) -> None:
        """Take over addresses and forms that changed (call between ticks)."""
        generation = self._board.cells[Cell.ADDRESSES]
        if generation == self._addresses:
            return
        self._addresses = generation
        for number, target in enumerate(self._targets):
            address = self._board.address(number)
            if address is None:
                # Being written: what is known goes on, and the count of changes is about to grow again.
                if target is not None and self._board.is_vacant(number):
                    target.close()
                    self._targets[number] = None
                continue
            if target is not None and target.address == address:
                continue
            if target is not None:
                target.close()
            self._targets[number] = _Target(self._board, number, address)
        self._regroup()

    def send(self, moment: Moment, *, last: bool = False) -> None:
        """Send a face to all whose turn it is, and to all when it is the ``last``.

        A target that fails is counted and does not keep the others waiting.
        """
        for group in self._groups:
            if last or group.encoder.is_due(moment.tick):
                datagrams = group.encoder.encode(moment)
                for target in group.targets:
                    for datagram in datagrams:
                        target.send(datagram)

    def close(self) -> None:
        """Close the sockets."""
        for target in self._targets:
            if target is not None:
                target.close()

    def _regroup(self) -> None:
        kept = {group.form: group.encoder for group in self._groups}
        members: dict[str, list[_Target]] = {}
        for target in self._targets:
            if target is not None:
                members.setdefault(target.address.form, []).append(target)
        # In the order of their numbers: Live Link comes first, its packets are the ones that are measured.
        self._groups = tuple(
            _Group(form, kept.get(form) or make_encoder(Form.from_text(form), self._rate_hz), tuple(targets))
            for form, targets in members.items()
        )


class _Group(NamedTuple):
    """Targets of one form: what they are sent is made once."""

    form: str
    encoder: Encoder
    targets: tuple[_Target, ...]


class _Target:
    """One receiver. The socket stays unconnected, so that every send takes the route of now (DHCP, cable moved)."""

    def __init__(self, board: PoseBoard, number: int, address: Address) -> None:
        self.address = address
        self._cells = board.cells
        self._sent, self._errors, self._errno = (board.target_cell(number, cell) for cell in TargetCell)
        self._socket = socket.socket(address.family, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        # Without these an unconnected socket never hears that nobody listens over there.
        if address.family == socket.AF_INET6:
            self._socket.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVERR, 1)
            self._to: tuple[str | int, ...] = (address.host, address.port, 0, address.scope_id)
        else:
            self._socket.setsockopt(socket.IPPROTO_IP, _IP_RECVERR, 1)
            self._to = (address.host, address.port)

    def send(self, packet: bytes | bytearray) -> None:
        try:
            self._socket.sendto(packet, self._to)
        except OSError as error:
            self._count(error)
            # What failed may be the answer to the packet before, handed out by this send, which then sent nothing.
            # A full queue (EAGAIN) is no such answer: that packet is lost, the next is due soon.
            if error.errno == errno.EAGAIN:
                return
            self._drain()
            try:
                self._socket.sendto(packet, self._to)
            except OSError as again:
                self._count(again)
                return
        self._cells[self._sent] += 1

    def close(self) -> None:
        self._socket.close()

    def _count(self, error: OSError) -> None:
        self._cells[self._errors] += 1
        self._cells[self._errno] = error.errno or errno.EIO

    def _drain(self) -> None:
        for _ in range(_ERRORS_PER_SEND):
            try:
                self._socket.recvmsg(0, 0, socket.MSG_ERRQUEUE | socket.MSG_DONTWAIT)
            except OSError:
                return
