"""A receiver of faces, Live Link's or another protocol's: for ``visaged monitor``, benchmarks and tests. One thread."""

from __future__ import annotations

import select
import socket
import struct
import time
from types import TracebackType
from typing import Final, NamedTuple

from visaged.clock import NS_PER_S
from visaged.outputs.form import Protocol
from visaged.outputs.ifacialmocap.frame import PORT
from visaged.outputs.ifacialmocap.leases import SECRET
from visaged.outputs.livelink.packet import LiveLinkPacket, NoFace, PacketError
from visaged.outputs.livelink.stream import Stream
from visaged.outputs.translate import Translator

# asm-generic/socket.h; the socket module does not name it. The kernel stamps a datagram when it arrives, so that our
# own wake-up does not count as jitter of the sender.
_SO_TIMESTAMPNS: Final = 35
_TIMESPEC: Final = struct.Struct("@ll")

# Seconds of packets, should this process not get to run for a while.
_QUEUE_BYTES: Final = 1 << 20
_DATAGRAM_BYTES: Final = 2048
# Taken in before somebody gets to look: a flood that never ends must not keep the caller for ever.
_AT_ONCE: Final = 4096

MAX_SENDERS: Final = 32
"""Faces that are kept: any host of the network may send under any number of device ids."""

MAX_OTHERS: Final = 10_000
"""Further device ids that are told apart when they are counted."""

# One that was silent for so long gives its place to a new one.
_GONE_NS: Final = 10 * NS_PER_S


class Faceless(NamedTuple):
    """Who sends, and sees no face."""

    subject: str
    sender: str
    """Address."""
    time_ns: int
    """When the newest such packet came."""


class Receiver:
    """Receives faces on a UDP port and keeps figures about each. A context manager."""

    def __init__(self, bind: str, port: int, protocol: Protocol | None = None) -> None:
        """Bind to address ``bind`` (IPv4 or IPv6; '' or '0.0.0.0': all of IPv4). Raises OSError when that fails.

        ``protocol``: the only one that is understood; None: each datagram's own.
        """
        self._translator = Translator(protocol)
        self._socket = socket.socket(socket.AF_INET6 if ":" in bind else socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _QUEUE_BYTES)
            self._socket.setblocking(False)
            self._socket.bind((bind, port))
        except OSError:
            self._socket.close()
            raise
        self.streams: dict[str, Stream] = {}
        """By device id, in order of appearance; at most MAX_SENDERS."""
        self.senders: dict[str, str] = {}
        """Address that each device id's newest packet came from."""
        self.faceless: dict[str, Faceless] = {}
        """By device id: who sends at present and sees no face; at most MAX_SENDERS."""
        self.refused = 0
        """Datagrams that are no face."""
        self.refusal = ""
        """Why the newest of them is not; printable."""
        self._others: set[int] = set()

    @property
    def port(self) -> int:
        """The port that it is bound to."""
        port: int = self._socket.getsockname()[1]
        return port

    @property
    def others(self) -> int:
        """Device ids that sent, too, when MAX_SENDERS were kept; MAX_OTHERS means that many or more."""
        return len(self._others)

    def sees_no_face(self, time_ns: int) -> dict[str, Faceless]:
        """Who sends now, as of ``time_ns``, and sees no face; who is silent is forgotten."""
        for device_id, one in list(self.faceless.items()):
            if time_ns - one.time_ns > _GONE_NS:
                del self.faceless[device_id]
        return self.faceless

    def receive(self, timeout_s: float) -> int:
        """Wait for datagrams, take in those that are there, return how many; 0 when none came in ``timeout_s``."""
        if not select.select([self._socket], [], [], timeout_s)[0]:
            return 0
        for count in range(_AT_ONCE):
            try:
                datagram, ancillary, _, sender = self._socket.recvmsg(_DATAGRAM_BYTES, 64)
            except BlockingIOError:
                return count
            self._take(datagram, _kernel_time_ns(ancillary), str(sender[0]))
        return _AT_ONCE

    def ask(self, host: str) -> None:
        """Ask ``host`` for its face as receivers of iFacialMocap do. Raises OSError when it cannot be asked."""
        self._socket.sendto(f"iFacialMocap_{SECRET}".encode(), (host, PORT))

    def close(self) -> None:
        """Give the port back."""
        self._socket.close()

    def __enter__(self) -> Receiver:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _take(self, datagram: bytes, time_ns: int, sender: str) -> None:
        try:
            packets = self._translator.packets(datagram, sender)
        except NoFace as error:
            if error.device_id in self.faceless or len(self.faceless) < MAX_SENDERS:
                self.faceless[error.device_id] = Faceless(error.subject, sender, time_ns)
            return
        except PacketError as error:
            self.refused += 1
            self.refusal = f"{error} (from {sender})"
            return
        for packet in packets:
            self._keep(packet, time_ns, sender)

    def _keep(self, packet: LiveLinkPacket, time_ns: int, sender: str) -> None:
        if packet.device_id not in self.streams and not self._make_room(packet.device_id, time_ns):
            return
        self.streams.setdefault(packet.device_id, Stream()).add(packet, time_ns)
        self.senders[packet.device_id] = sender
        self.faceless.pop(packet.device_id, None)

    def _make_room(self, device_id: str, time_ns: int) -> bool:
        """Whether there is a place for one more face; one that is gone gives up its own."""
        if len(self.streams) >= MAX_SENDERS:
            oldest = min(self.streams, key=lambda kept: self.streams[kept].time_ns)
            if time_ns - self.streams[oldest].time_ns < _GONE_NS:
                if len(self._others) < MAX_OTHERS:
                    self._others.add(hash(device_id))
                return False
            del self.streams[oldest], self.senders[oldest]
        self._others.discard(hash(device_id))
        return True


def _kernel_time_ns(ancillary: list[tuple[int, int, bytes]]) -> int:
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS and len(data) == _TIMESPEC.size:
            seconds, nanoseconds = _TIMESPEC.unpack(data)
            return int(seconds * NS_PER_S + nanoseconds)
    return time.time_ns()
