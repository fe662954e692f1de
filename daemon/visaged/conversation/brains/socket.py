"""A WebSocket to a brain, kept: connects, reads, writes, and connects again with growing pauses.

Nothing that the other side does, or leaves undone, ends it: a server that accepts and says nothing is left, one that
closes is come back to, a message that is too long ends the connection and not the box.
"""

from __future__ import annotations

import logging
import queue
import random
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

from visaged.clock import NS_PER_S, now_ns
from visaged.conversation.brains.keys import KeyFileFault
from visaged.guard import guarded
from visaged.printable import printable
from visaged.problems import Problems

log = logging.getLogger(__name__)

MOST_BYTES: Final = 16 * 1024 * 1024
"""Of one message: five minutes of PCM in base64. A longer one ends the connection."""
HANDSHAKE_S: Final = 10.0
"""So long a server may take to say its first word."""
# Ten seconds of sound in pieces of 20 ms: older is of no use to anybody.
_WAITING: Final = 500
_PAUSES_S: Final = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
_LOOK_S: Final = 0.1
_STOP_S: Final = 3.0
_OPEN_S: Final = 10.0

_KEY_REMEDY: Final = "Look at conversation.api_key_file and conversation.url"
_REACH_REMEDY: Final = "Look whether the brain runs, and at conversation.url; it is tried again"


@dataclass(frozen=True)
class BrainAddress:
    """Where, and with what."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    """May hold a secret: never shown."""
    ca_file: str = ""
    """Certificate to trust; empty: those of the system."""


class BrainSocket:
    """``start`` and ``stop`` from one thread at a time; ``put``, ``leave`` any thread. Callbacks: the link's thread."""

    def __init__(
        self,
        address: Callable[[], BrainAddress],
        problems: Problems,
        *,
        on_open: Callable[[Callable[[str | bytes], None]], None],
        on_message: Callable[[str | bytes], None],
        on_lost: Callable[[str, str], None],
    ) -> None:
        """``address()``: asked at each try. ``on_open(send)``: connected, ``send`` goes before what was ``put``.

        ``on_lost(why, remedy)``: not connected (any more).
        """
        self._address = address
        self._problems = problems
        self._on_open = on_open
        self._on_message = on_message
        self._on_lost = on_lost
        self._queue: queue.Queue[str | bytes] = queue.Queue(_WAITING)
        self._stopping = threading.Event()
        self._leave = threading.Event()
        self._ready = False
        self._deadline_ns = 0
        self._thread: threading.Thread | None = None
        self._connection: ClientConnection | None = None
        self._unsent: str | bytes | None = None
        self.dropped = 0
        """Messages that could not be sent in time."""

    def start(self) -> None:
        """Connect; returns at once."""
        self._stopping = stopping = threading.Event()
        self._thread = guarded(lambda: self._run(stopping), "talk-brain", self._problems, stopping.is_set)
        self._thread.start()

    def stop(self) -> None:
        """Leave."""
        self._stopping.set()
        if (connection := self._connection) is not None:
            # Closing takes a round trip, which a server that hangs does not grant.
            connection.close_socket()
        if self._thread is not None:
            self._thread.join(_STOP_S)
            self._thread = None
        self._clear()

    def put(self, message: str | bytes) -> None:
        """Send it soon; of too many that wait the oldest is dropped."""
        while True:
            try:
                self._queue.put_nowait(message)
            except queue.Full:
                self.dropped += 1
                try:
                    self._queue.get_nowait()
                except queue.Empty:
                    continue
            else:
                return

    def ready(self) -> None:
        """The server has said what it had to say first: what was ``put`` may go. The link's thread."""
        self._deadline_ns = 0
        self._ready = True

    def leave(self) -> None:
        """Connect anew, at once; what waits to be sent goes to the next connection."""
        self._leave.set()

    def _run(self, stopping: threading.Event) -> None:
        failures = 0
        while not stopping.is_set():
            began_ns = now_ns()
            lost = self._serve(stopping)
            if stopping.is_set():
                return
            if lost is None:
                failures = 0
                continue
            self._clear()
            self._on_lost(*lost)
            failures = 0 if now_ns() - began_ns > 30 * NS_PER_S else failures
            pause_s = _PAUSES_S[min(failures, len(_PAUSES_S) - 1)]
            failures += 1
            # Many boxes behind one brain must not all come back in the same moment.
            stopping.wait(pause_s * random.uniform(0.8, 1.2))

    def _serve(self, stopping: threading.Event) -> tuple[str, str] | None:
        """One connection to its end; why it was lost and what to do, None: it was left."""
        where = "the brain"
        try:
            address = self._address()
            where = address.url.partition("?")[0]
            with connect(
                address.url,
                additional_headers=address.headers,
                ssl=_trust(address),
                compression=None,
                open_timeout=_OPEN_S,
                close_timeout=1,
                max_size=MOST_BYTES,
            ) as connection:
                return self._talk(connection, stopping, where)
        except InvalidStatus as error:
            status = error.response.status_code
            remedy = _KEY_REMEDY if status in (401, 403) else _REACH_REMEDY
            return f"{where} answers with HTTP {status}", remedy
        except ConnectionClosed as error:
            return f"{where} closed the connection{_reason(error)}", _REACH_REMEDY
        except ssl.SSLError as error:
            reason = error.reason or str(error)
            return f"{where}: its certificate is not trusted ({printable(reason)})", "Set conversation.ca_file"
        except (KeyFileFault, OSError, WebSocketException, ValueError) as error:
            return f"the brain is not reached: {printable(str(error)) or type(error).__name__}", _REACH_REMEDY

    def _talk(self, connection: ClientConnection, stopping: threading.Event, where: str) -> tuple[str, str] | None:
        """From open to closed. Raises ConnectionClosed."""
        self._connection = connection
        self._leave.clear()
        self._ready, self._deadline_ns = False, now_ns() + round(HANDSHAKE_S * NS_PER_S)
        gone = threading.Event()
        sender = guarded(lambda: self._send(connection, gone), "talk-brain-send", self._problems, gone.is_set)
        try:
            self._on_open(connection.send)
            sender.start()
            return self._read(connection, stopping, where)
        finally:
            gone.set()
            # Closing politely takes a round trip, which a server that hangs does not grant.
            connection.close_socket()
            self._connection = None
            if sender.is_alive():
                sender.join()

    def _read(self, connection: ClientConnection, stopping: threading.Event, where: str) -> tuple[str, str] | None:
        while not stopping.is_set() and not self._leave.is_set():
            try:
                message = connection.recv(timeout=_LOOK_S)
            except TimeoutError:
                if self._deadline_ns and now_ns() > self._deadline_ns:
                    return f"{where} accepts and says nothing", _REACH_REMEDY
                continue
            self._on_message(message)
        return None

    def _send(self, connection: ClientConnection, gone: threading.Event) -> None:
        while not gone.is_set():
            if not self._ready:
                gone.wait(_LOOK_S / 10)
                continue
            try:
                message = self._unsent if self._unsent is not None else self._queue.get(timeout=_LOOK_S)
            except queue.Empty:
                continue
            self._unsent = message
            if gone.is_set():
                return  # It is for the next connection.
            try:
                connection.send(message)
            except (WebSocketException, OSError):
                return  # The reader says so.
            self._unsent = None

    def _clear(self) -> None:
        self._unsent = None
        while True:
            try:
                self._queue.get_nowait()
            except queue.Empty:
                return


def _trust(address: BrainAddress) -> ssl.SSLContext | None:
    if not address.url.startswith("wss:"):
        return None
    context = ssl.create_default_context()
    if address.ca_file:
        # This certificate and no other; its name may be anything, as a self-signed one's mostly is.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.load_verify_locations(Path(address.ca_file))
    return context


def _reason(error: ConnectionClosed) -> str:
    received = error.rcvd
    if received is None:
        return ""
    return f" ({received.code}{': ' + printable(received.reason) if received.reason else ''})"
