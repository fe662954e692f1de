"""The link over UDP: one datagram, one message, to and from one peer."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable
from typing import Final

from visaged.clock import NS_PER_S, now_ns
from visaged.codec.seal import Seal, SealError
from visaged.config.hosts import addresses
from visaged.guard import guarded
from visaged.metrics import Metrics
from visaged.problems import Problems

log = logging.getLogger(__name__)

PROBLEM: Final = "codec_link"

# Longer than any message (frames.py): what does not fit is refused as what it is.
_DATAGRAM: Final = 2048
_WAIT_S: Final = 0.2
_RETRY_S: Final = 2.0
# A peer that has been silent for this long may have moved to another address: ask for its name again.
_ASK_AGAIN_NS: Final = 30 * NS_PER_S
_STOP_S: Final = 1.0


class UdpLink:
    """Sends and receives on its own thread's socket ("codec-udp"). Datagrams of anybody else are not seen."""

    def __init__(
        self,
        host: str,
        port: int,
        take: Callable[[bytes], None],
        metrics: Metrics,
        problems: Problems,
        *,
        local_port: int = 0,
        seal: Seal | None = None,
    ) -> None:
        """``local_port``: where to receive, 0 for any; ``take(message)``: on the link's thread, must not raise.

        ``seal``: only what bears its key is heard; None: what comes from the peer's address is.
        """
        shown = f"[{host}]" if ":" in host else host
        self.name = f"udp://{shown}:{port}"
        self._host, self._port, self._local_port = host, port, local_port
        self._take = take
        self._seal = seal
        self._problems = problems
        self._socket: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self._failed = metrics.counter("codec.send_failed")
        self._forged = metrics.counter("codec.forged")

    def start(self) -> None:
        """Begin; returns at once."""
        if self._thread is None:
            # One of its own for each run: a look-up that was left behind must not open a second socket.
            self._stopping = threading.Event()
            stopping = self._stopping
            self._thread = guarded(lambda: self._run(stopping), "codec-udp", self._problems, stopping.is_set)
            self._thread.start()

    def stop(self) -> None:
        """End. A name that is being looked up may take longer: its thread is left to end by itself."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(_STOP_S)
            self._thread = None
        self._problems.clear(PROBLEM)

    def send(self, message: bytes) -> bool:
        """Send now or never."""
        return self._send(message if self._seal is None else self._seal.seal(message))

    def _send(self, datagram: bytes) -> bool:
        link = self._socket
        if link is None:
            return False
        try:
            link.send(datagram)
        except OSError as error:
            # "Refused" is the answer to the datagram before; this one may have gone out, and nobody took it either.
            self._failed.add()
            if not self._stopping.is_set():
                self._complain(error)
            return False
        return True

    def _run(self, stopping: threading.Event) -> None:
        while not stopping.is_set():
            try:
                link = self._open()
            except OSError as error:
                self._complain(error)
                stopping.wait(_RETRY_S)
                continue
            with link:
                if stopping.is_set():
                    return
                self._socket = link
                try:
                    self._receive(link, stopping)
                finally:
                    self._socket = None

    def _open(self) -> socket.socket:
        """A socket that knows only the peer. Raises OSError."""
        found = addresses(self._host, self._port)
        family, kind, protocol, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
        link = socket.socket(family, kind, protocol)
        try:
            link.bind(("::" if family == socket.AF_INET6 else "0.0.0.0", self._local_port))
            link.connect(address)
            link.settimeout(_WAIT_S)
        except OSError:
            link.close()
            raise
        log.info("codec: link to %s, from port %d", self.name, link.getsockname()[1])
        return link

    def _receive(self, link: socket.socket, stopping: threading.Event) -> None:
        """Until told to stop, or until the peer was silent so long that its name should be asked for again."""
        heard_ns, greeted_ns = now_ns(), 0
        while not stopping.is_set() and now_ns() - heard_ns < _ASK_AGAIN_NS:
            if self._seal is not None and not self._seal.proven and now_ns() - greeted_ns > NS_PER_S:
                greeted_ns = now_ns()
                self._send(self._seal.seal())
            try:
                datagram = link.recv(_DATAGRAM)
            except TimeoutError:
                continue
            except OSError as error:
                self._complain(error)
                stopping.wait(_WAIT_S)
                continue
            try:
                message = datagram if self._seal is None else self._unsealed(self._seal, datagram)
            except SealError as error:
                self._refuse(error)
                continue
            heard_ns = now_ns()
            self._problems.clear(PROBLEM)
            if message is not None and not stopping.is_set():
                self._take(message)

    def _unsealed(self, seal: Seal, datagram: bytes) -> bytes | None:
        """What is to be heard of ``datagram``. Raises SealError."""
        found = seal.unseal(datagram)
        if found.reply is not None:
            self._send(found.reply)
        return found.message

    def _refuse(self, error: SealError) -> None:
        self._forged.add()
        # Once the peer has proven to be there, this is somebody else, who is not to write our health.
        if self._seal is not None and not self._seal.proven:
            remedy = "Give both sides the same key: codec.key_file here, visaged codec peer --codec-key there"
            self._problems.open(PROBLEM, f"{self.name} sends what is not heard: {error}", remedy)

    def _complain(self, error: OSError) -> None:
        reasons = {
            ConnectionRefusedError: "nobody listens there",
            socket.gaierror: "its name does not resolve",
        }
        reason = reasons.get(type(error), error.strerror or str(error))
        remedy = "Start the peer (visaged codec peer is one), or correct codec.link; it is tried again"
        self._problems.open(PROBLEM, f"{self.name} cannot be reached: {reason}", remedy)
