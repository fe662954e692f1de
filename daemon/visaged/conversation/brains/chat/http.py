"""Requests that can be given up from another thread at any moment, with every length and wait bounded."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import urlsplit

from visaged.printable import printable

_CONNECT_S: Final = 5.0
# Between two pieces: a model on a small box thinks for seconds before its first word.
_READ_S: Final = 30.0
_PIECE: Final = 4800
MOST_BYTES: Final = 32 * 1024 * 1024
"""Of one answer: eleven minutes of PCM."""


class PartError(Exception):
    """A part does not do its part: one sentence."""


class Requests:
    """What is under way for one turn. ``cancel``: any thread."""

    def __init__(self) -> None:
        self.cancelled = threading.Event()
        self._lock = threading.Lock()
        self._open: set[http.client.HTTPConnection] = set()

    def cancel(self) -> None:
        """Give everything up, now."""
        self.cancelled.set()
        with self._lock:
            for connection in self._open:
                if connection.sock is not None:
                    with contextlib.suppress(OSError):
                        connection.sock.shutdown(socket.SHUT_RDWR)

    def post(self, url: str, body: bytes, headers: Mapping[str, str], accepted: tuple[str, ...]) -> Iterator[bytes]:
        """The answer, piece by piece as it comes. ``accepted``: beginnings of its media type. Raises PartError."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        connection: http.client.HTTPConnection
        if parts.scheme == "https":
            connection = http.client.HTTPSConnection(
                host, parts.port, timeout=_CONNECT_S, context=ssl.create_default_context()
            )
        else:
            connection = http.client.HTTPConnection(host, parts.port, timeout=_CONNECT_S)
        with self._lock:
            self._open.add(connection)
        try:
            connection.connect()
            connection.sock.settimeout(_READ_S)
            if self.cancelled.is_set():
                return
            path = parts.path + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", path, body, dict(headers))
            response = connection.getresponse()
            self._check(response, parts.netloc, accepted)
            read = 0
            while not self.cancelled.is_set() and (piece := response.read1(_PIECE)):
                read += len(piece)
                if read > MOST_BYTES:
                    raise PartError(f"{parts.netloc} sends more than {MOST_BYTES >> 20} MiB")
                yield piece
        except (OSError, http.client.HTTPException, ValueError) as error:
            if not self.cancelled.is_set():
                raise PartError(f"{parts.netloc}: {printable(str(error)) or type(error).__name__}") from None
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()

    @staticmethod
    def _check(response: http.client.HTTPResponse, where: str, accepted: tuple[str, ...]) -> None:
        kind = (response.headers.get_content_type() or "").lower()
        if response.status != 200:
            said = printable(response.read(500).decode(errors="replace"), 200)
            raise PartError(f"{where} answers with HTTP {response.status}: {said}")
        if not kind.startswith(accepted):
            raise PartError(f"{where} answers with {printable(kind, 80)}; expected {' or '.join(accepted)}")
