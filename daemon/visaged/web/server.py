"""uvicorn with bounds: how many connections, from how many places, and how long a request may take to arrive."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any, Final

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from visaged.web.listening import Opened

MAX_CONNECTIONS: Final = 200
"""A page opens about eight; twenty pages, their sockets, and programs."""
MAX_PER_ADDRESS: Final = 160
"""Of one address, so that others find a place; a proxy is one address."""
HEAD_S: Final = 10.0
"""From the first byte of a request to the end of its head, and from a connection to its first request."""
MAX_HEAD_BYTES: Final = 16_384
MAX_MESSAGE_BYTES: Final = 1 << 20
"""Of a WebSocket: 5 s of float32 at 48 kHz."""
_STOP_S: Final = 1


class BoundedProtocol(H11Protocol):
    """HTTP/1.1. Who opens a connection and does not ask, or asks a byte at a time, is hung up on."""

    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection, unless there are too many."""
        super().connection_made(transport)
        address = _address_of(self)
        same = [one for one in self.connections if _address_of(one) == address]
        if len(self.connections) > MAX_CONNECTIONS or len(same) > MAX_PER_ADDRESS:
            transport.abort()
            return
        self._watch_head()

    def data_received(self, data: bytes) -> None:
        """As uvicorn; the first byte of a head starts the time for all of it."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE or self.transport.is_closing():
            self._unwatch_head()
        elif self._head_timer is None:
            self._watch_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """As uvicorn."""
        self._unwatch_head()
        super().connection_lost(exc)

    def _watch_head(self) -> None:
        self._head_timer = self.loop.call_later(HEAD_S, self.transport.abort)

    def _unwatch_head(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None


def _address_of(connection: object) -> str:
    client = getattr(connection, "client", None)
    return str(client[0]) if client else ""


class BoundedServer(uvicorn.Server):
    """Serves ``app`` on a socket that is open; ends when ``should_exit`` is set."""

    def __init__(self, app: Any, opened: Opened) -> None:
        config = uvicorn.Config(
            app,
            http=BoundedProtocol,
            ws="websockets-sansio",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=15,
            timeout_graceful_shutdown=_STOP_S,
            backlog=64,
            h11_max_incomplete_event_size=MAX_HEAD_BYTES,
            ws_max_size=MAX_MESSAGE_BYTES,
            ws_per_message_deflate=False,
            ssl_certfile=opened.cert_file,
            ssl_keyfile=opened.key_file,
        )
        super().__init__(config)

    def count(self) -> int:
        """Connections that are open."""
        return len(self.server_state.connections)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The daemon says when it is over, not a signal."""
        yield
