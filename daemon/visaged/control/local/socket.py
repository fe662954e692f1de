"""The local control socket: one JSON request per line in, one JSON answer per line out, in the order they are ready.

A request is that of MQTT plus its command: ``{"command": "capsule.play", "transaction": "1", "cid": "VF_083"}``. The
answers are those of MQTT. Whoever may write to the socket (mode 0660: the daemon's user and group) may command.
"""

from __future__ import annotations

import logging
import selectors
import socket
import threading
import time
from pathlib import Path
from typing import Final

from visaged.control.dispatcher import Dispatcher, Incoming
from visaged.control.local.bind import bind_unix
from visaged.control.protocol.parse import MAX_PAYLOAD_BYTES, parse_object
from visaged.control.protocol.refusal import Refusal
from visaged.control.wake import Wake
from visaged.realtime import go_realtime

log = logging.getLogger(__name__)

# A person, a script and a monitor; more means that somebody leaks connections.
_MAX_CLIENTS: Final = 16
# An asker that does not read its answers: beyond this it is cut off rather than kept in memory.
_MAX_UNSENT_BYTES: Final = 1 << 20
_READ_BYTES: Final = 65_536
# Descriptors come back when somebody hangs up; ten looks a second cost nothing.
_ACCEPT_PAUSE_S: Final = 0.1


class _Client:
    def __init__(self, connection: socket.socket, origin: str) -> None:
        self.connection = connection
        self.origin = origin
        self.received = bytearray()
        self.unsent = bytearray()
        self.closing = False


class ControlSocket:
    """Serves the dispatcher on a unix socket, on one thread of its own."""

    def __init__(self, path: Path, dispatcher: Dispatcher, *, realtime_priority: int = 0) -> None:
        """``realtime_priority``: SCHED_FIFO of its thread; 0: none."""
        self._path = path
        self._priority = realtime_priority
        self._dispatcher = dispatcher
        self._selector = selectors.DefaultSelector()
        self._wake = Wake()
        self._lock = threading.Lock()
        self._clients: set[_Client] = set()
        self._served = 0
        self._stopping = False
        self._listener: socket.socket | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Bind and serve. Raises ControlSocketError when the path cannot be used or another daemon serves it."""
        self._listener = bind_unix(self._path, _MAX_CLIENTS)
        self._listener.setblocking(False)
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._wake.reader, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, name="control-socket", daemon=True)
        self._thread.start()
        log.info("control socket: %s", self._path)

    def stop(self) -> None:
        """Send what is still unsent as far as it goes at once, close everything, remove the socket."""
        if self._thread is None:
            return
        self._stopping = True
        self._wake.call()
        self._thread.join()
        self._thread = None
        for client in list(self._clients):
            self._flush(client)
            self._drop(client)
        if self._listener is not None:
            self._listener.close()
        self._path.unlink(missing_ok=True)
        self._selector.close()
        self._wake.close()

    def _run(self) -> None:
        go_realtime(self._priority)
        while not self._stopping:
            for key, events in self._selector.select():
                if key.fileobj is self._listener:
                    self._accept()
                elif key.fileobj is self._wake.reader:
                    self._wake.drain()
                elif events & selectors.EVENT_READ:
                    self._read(key.data)
            for client in list(self._clients):
                self._flush(client)

    def _accept(self) -> None:
        assert self._listener is not None
        try:
            connection, _ = self._listener.accept()
        except OSError as error:
            # The asker went away before it was accepted, or we are out of descriptors: neither may end the service,
            # and the latter must not become a busy loop.
            log.warning("control socket: accept: %s", error.strerror)
            time.sleep(_ACCEPT_PAUSE_S)
            return
        if len(self._clients) >= _MAX_CLIENTS:
            connection.close()
            return
        connection.setblocking(False)
        self._served += 1
        client = _Client(connection, f"local-{self._served}")
        self._clients.add(client)
        self._selector.register(connection, selectors.EVENT_READ, client)

    def _read(self, client: _Client) -> None:
        if client not in self._clients or client.closing:
            return
        try:
            chunk = client.connection.recv(_READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            chunk = b""
        if not chunk:
            self._drop(client)
            return
        client.received += chunk
        *lines, rest = client.received.split(b"\n")
        client.received = bytearray(rest)
        for line in lines:
            self._take(client, bytes(line))
        if len(client.received) > MAX_PAYLOAD_BYTES:
            refusal = Refusal(
                "too_large", f"the line is longer than {MAX_PAYLOAD_BYTES} bytes; the connection is closed"
            )
            self._answer(client, self._dispatcher.encode("", None, None, refusal))
            client.closing = True

    def _take(self, client: _Client, line: bytes) -> None:
        if not line.strip():
            return
        command = parse_object(line).get("command")

        def reply(answer: bytes) -> None:
            self._answer(client, answer)
            self._wake.call()

        if isinstance(command, str) and command:
            self._dispatcher.submit(Incoming(command, line, client.origin, reply))
            return
        if len(line) > MAX_PAYLOAD_BYTES:
            refusal = Refusal("too_large", f"the line is longer than {MAX_PAYLOAD_BYTES} bytes")
        else:
            refusal = Refusal(
                "malformed", 'expected a JSON object with "command", such as {"command": "ping"}', "command"
            )
        self._answer(client, self._dispatcher.encode("", None, None, refusal))

    def _answer(self, client: _Client, answer: bytes) -> None:
        """Queue an answer (any thread)."""
        with self._lock:
            if len(client.unsent) + len(answer) > _MAX_UNSENT_BYTES:
                client.unsent.clear()
                client.closing = True
            elif not client.closing:
                client.unsent += answer + b"\n"

    def _flush(self, client: _Client) -> None:
        with self._lock:
            try:
                while client.unsent:
                    sent = client.connection.send(client.unsent)
                    del client.unsent[:sent]
            except (BlockingIOError, InterruptedError):
                pass
            except OSError:
                client.closing = True
                client.unsent.clear()
            unsent = bool(client.unsent)
        if client.closing and not unsent:
            self._drop(client)
        elif client in self._clients:
            # Who is being closed is not listened to any more: its input would wake us for nothing.
            reads = 0 if client.closing else selectors.EVENT_READ
            self._selector.modify(client.connection, reads | (selectors.EVENT_WRITE if unsent else 0), client)

    def _drop(self, client: _Client) -> None:
        if client in self._clients:
            self._clients.discard(client)
            self._selector.unregister(client.connection)
            client.connection.close()
            client.closing = True
