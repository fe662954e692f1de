"""Where packets go: one non-blocking socket per target, in the sender. Nothing here waits, looks up names or logs.

Failures are counted on the board; ``outages.py`` says them, ``resolver.py`` finds the addresses.
"""

from __future__ import annotations

import errno
import socket
from typing import Final

from visaged.outputs.board import MAX_TARGETS, Address, Cell, PoseBoard, TargetCell

# linux/in.h and linux/in6.h; the socket module does not name them all.
_IP_RECVERR: Final = 11
_IPV6_RECVERR: Final = 25

# Replies that may wait in a socket's error queue: a receiver that is not there answers each packet.
_ERRORS_PER_SEND: Final = 4


class Targets:
    """Sends each packet to every target whose address is known. One thread: the sender's."""

    def __init__(self, board: PoseBoard) -> None:
        self._board = board
        self._addresses = -1
        self._targets: list[_Target | None] = [None] * MAX_TARGETS
        self._live: tuple[_Target, ...] = ()
        self.refresh()

    def refresh(self) -> None:
        """Take over addresses that changed (call between ticks)."""
        generation = self._board.cells[Cell.ADDRESSES]
        if generation == self._addresses:
            return
        self._addresses = generation
        for number, target in enumerate(self._targets):
            address = self._board.address(number)
            if address is None or (target is not None and target.address == address):
                continue
            if target is not None:
                target.close()
            self._targets[number] = _Target(self._board, number, address)
        self._live = tuple(target for target in self._targets if target is not None)

    def send(self, packet: bytearray) -> None:
        """Send ``packet`` to all. A target that fails is counted and does not keep the others waiting."""
        for target in self._live:
            target.send(packet)

    def close(self) -> None:
        """Close the sockets."""
        for target in self._live:
            target.close()


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

    def send(self, packet: bytearray) -> None:
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
