"""An https server of one file, with the faults that real lines and servers have."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.control.broker import make_certificates


class _Quiet(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Clients hang up on purpose here."""


@dataclass
class Web:
    """Serves ``content`` at any path."""

    folder: Path
    content: bytes
    cut_after: list[int] = field(default_factory=list)
    """Hang up after so many bytes, one entry per request."""
    status: int | None = None
    location: str = ""
    ranges: bool = True
    announce: bool = True
    """Send Content-Length."""
    said_length: str = ""
    """What to send instead."""
    asked: list[str | None] = field(default_factory=list)
    """The Range header of each request."""

    def __post_init__(self) -> None:
        ca, certificate, key = make_certificates(self.folder)
        self.client = ssl.create_default_context(cafile=str(ca))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self._server = _Quiet(("127.0.0.1", 0), _handler(self))
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self._server.server_address[1]}/pack.zip"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(web: Web) -> Callable[..., BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            web.asked.append(wanted)
            if web.status is not None:
                self.send_response(web.status)
                if web.location:
                    self.send_header("Location", web.location)
                self.end_headers()
                return
            start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and web.ranges else 0
            if wanted and web.ranges and start >= len(web.content):
                self.send_response(416)
                self.end_headers()
                return
            body = web.content[start:]
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(web.content) - 1}/{len(web.content)}")
            if web.announce:
                self.send_header("Content-Length", str(len(body)))
            if web.said_length:
                self.send_header("Content-Length", web.said_length)
            self.end_headers()
            if web.cut_after:
                body = body[: web.cut_after.pop(0)]
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    return Handler
