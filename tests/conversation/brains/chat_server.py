"""The three parts of the brain chat on the loopback: OpenAI's HTTP interface, answers as a test sets them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.conversation.brains.realtime_server import tone


class ChatServer:
    """``text``: what is understood; ``pieces``: the answer, as it is streamed; a sentence lasts ``seconds``."""

    def __init__(self) -> None:
        self.text, self.pieces, self.seconds = "who are you", ["I am the host. ", "And you?"], 0.4
        self.status, self.kind = 200, ""
        self.hold = threading.Event()
        """Set: the language model goes on after its first piece."""
        self.hold.set()
        self.asked: list[tuple[str, Any]] = []
        self.spoken: list[str] = []
        self.gone = threading.Event()
        """A client left while it was being answered."""
        self.raw: dict[str, bytes] = {}
        """Path's end -> what is answered instead."""
        handler = type("Handler", (_Handler,), {"server_of": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def requests(self, end: str) -> list[Any]:
        return [body for path, body in self.asked if path.endswith(end)]

    def close(self) -> None:
        self.hold.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    server_of: ChatServer

    def do_POST(self) -> None:
        server = self.server_of
        body = self.rfile.read(int(self.headers["Content-Length"]))
        json_body = self.headers["Content-Type"].startswith("application/json")
        server.asked.append((self.path, json.loads(body) if json_body else body))
        end = self.path.rpartition("/")[2]
        answers: dict[str, tuple[str, Callable[[], None]]] = {
            "transcriptions": ("application/json", lambda: self._write(json.dumps({"text": server.text}).encode())),
            "completions": ("text/event-stream", self._complete),
            "speech": ("audio/pcm", lambda: self._speak(json.loads(body)["input"])),
        }
        kind, answer = answers[end]
        self.send_response(server.status)
        self.send_header("Content-Type", server.kind or kind)
        self.end_headers()
        try:
            if end in server.raw:
                self._write(server.raw[end])
            else:
                answer()
        except OSError:
            server.gone.set()

    def _write(self, data: bytes) -> None:
        self.wfile.write(data)
        self.wfile.flush()

    def _complete(self) -> None:
        for number, piece in enumerate(self.server_of.pieces):
            if number:
                self.server_of.hold.wait()
            self._write(b"data: " + json.dumps({"choices": [{"delta": {"content": piece}}]}).encode() + b"\n\n")
        self._write(b"data: [DONE]\n\n")

    def _speak(self, text: str) -> None:
        self.server_of.spoken.append(text)
        self._write(tone(self.server_of.seconds))

    def log_message(self, *arguments: object) -> None:
        """Nothing."""
