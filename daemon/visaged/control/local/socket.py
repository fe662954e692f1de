"""The local control socket: one JSON request per line in, one JSON answer per line out, in the order they are ready.

A request is that of MQTT plus its command: ``{"command": "capsule.play", "transaction": "1", "cid": "VF_NOD"}``. The
answers are those of MQTT. A request with ``"progress": true`` has lines with ``"progress": {"doing": …, "percent": …}``
before its answer. Whoever may write to the socket (mode 0660: the daemon's user and group) may command. A connection
that nobody uses gives way to a new one, and is closed after five minutes.
"""

from __future__ import annotations

import contextlib
import json
import logging
import selectors
import socket
import threading
import time
from pathlib import Path
from typing import Any, Final

from visaged.clock import now_ns
from visaged.control.dispatcher import Dispatcher, Incoming
from visaged.control.local.asker import MAX_ASKERS, Asker, NoPlace, who_gives_way
from visaged.control.local.bind import bind_unix
from visaged.control.protocol.parse import MAX_PAYLOAD_BYTES, parse_object, transaction_of
from visaged.control.protocol.refusal import Refusal
from visaged.control.registry import Progress
from visaged.control.wake import Wake
from visaged.guard import guarded
from visaged.problems import Problems
from visaged.realtime import go_realtime

log = logging.getLogger(__name__)

# An asker that does not read its answers: beyond this it is cut off rather than kept in memory.
_MAX_UNSENT_BYTES: Final = 1 << 20
_READ_BYTES: Final = 65_536
# How often somebody looks for connections that nobody uses any more; none of them is in a hurry.
_IDLE_LOOK_S: Final = 10.0
# Descriptors come back when somebody hangs up; ten looks a second cost nothing.
_ACCEPT_PAUSE_S: Final = 0.1


class ControlSocket:
    """Serves the dispatcher on a unix socket, on one thread of its own."""

    def __init__(
        self, path: Path, dispatcher: Dispatcher, problems: Problems | None = None, *, realtime_priority: int = 0
    ) -> None:
        """``realtime_priority``: SCHED_FIFO of its thread; 0: none."""
        self._path = path
        self._priority = realtime_priority
        self._dispatcher = dispatcher
        self._problems = problems or Problems()
        self._selector = selectors.DefaultSelector()
        self._wake = Wake()
        self._lock = threading.Lock()
        self._clients: set[Asker] = set()
        self._served = 0
        self.turned_away = 0
        """Connections that found no place, or had to give theirs to another."""
        self._stopping = False
        self._listener: socket.socket | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Bind and serve. Raises ControlSocketError when the path cannot be used or another daemon serves it."""
        self._listener = bind_unix(self._path, MAX_ASKERS)
        self._listener.setblocking(False)
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._wake.reader, selectors.EVENT_READ)
        self._thread = guarded(self._run, "control-socket", self._problems, lambda: self._stopping)
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
            for key, events in self._selector.select(_IDLE_LOOK_S if self._clients else None):
                if key.fileobj is self._listener:
                    self._accept()
                elif key.fileobj is self._wake.reader:
                    self._wake.drain()
                elif events & selectors.EVENT_READ:
                    self._read(key.data)
            time_ns = now_ns()
            for client in list(self._clients):
                self._flush(client)
                if client.is_idle(time_ns):
                    self._drop(client)

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
        connection.setblocking(False)
        self._served += 1
        client = Asker(connection, f"local-{self._served}")
        try:
            loser = who_gives_way(self._clients, client.uid)
        except NoPlace:
            self.turned_away += 1
            self._send_away(client)
            return
        if loser is not None:
            self.turned_away += 1
            self._drop(loser)
        self._clients.add(client)
        self._selector.register(connection, selectors.EVENT_READ, client)

    def _send_away(self, client: Asker) -> None:
        """Say that there is no place, and hang up."""
        refusal = Refusal("busy", f"{MAX_ASKERS} connections are open and busy; ask again in a second")
        with contextlib.suppress(OSError):
            client.connection.send(self._dispatcher.encode("", None, None, refusal) + b"\n")
        client.connection.close()

    def _read(self, client: Asker) -> None:
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

    def _take(self, client: Asker, line: bytes) -> None:
        if not line.strip():
            return
        client.active_ns = now_ns()
        fields = parse_object(line)
        command = fields.get("command")

        def reply(answer: bytes) -> None:
            with self._lock:
                client.waiting -= 1
            self._answer(client, answer)
            self._wake.call()

        if isinstance(command, str) and command:
            with self._lock:
                client.waiting += 1
            progress = self._progress(client, command, fields) if fields.get("progress") is True else None
            self._dispatcher.submit(Incoming(command, line, client.origin, reply, progress=progress))
            return
        if len(line) > MAX_PAYLOAD_BYTES:
            refusal = Refusal("too_large", f"the line is longer than {MAX_PAYLOAD_BYTES} bytes")
        else:
            refusal = Refusal(
                "malformed", 'expected a JSON object with "command", such as {"command": "ping"}', "command"
            )
        self._answer(client, self._dispatcher.encode("", None, None, refusal))

    def _progress(self, client: Asker, command: str, fields: dict[str, Any]) -> Progress:
        """What tells ``client`` how far its command is (the worker's thread)."""
        transaction = transaction_of(fields)

        def tell(doing: str, percent: float | None) -> None:
            told = {"doing": doing, "percent": percent}
            self._answer(
                client, json.dumps({"transaction": transaction, "command": command, "progress": told}).encode()
            )
            self._wake.call()

        return tell

    def _answer(self, client: Asker, answer: bytes) -> None:
        """Queue an answer (any thread)."""
        with self._lock:
            if len(client.unsent) + len(answer) > _MAX_UNSENT_BYTES:
                client.unsent.clear()
                client.closing = True
            elif not client.closing:
                client.unsent += answer + b"\n"

    def _flush(self, client: Asker) -> None:
        with self._lock:
            try:
                while client.unsent:
                    sent = client.connection.send(client.unsent)
                    del client.unsent[:sent]
                    client.active_ns = now_ns()
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

    def _drop(self, client: Asker) -> None:
        if client in self._clients:
            self._clients.discard(client)
            self._selector.unregister(client.connection)
            client.connection.close()
            client.closing = True
