"""A server of the Realtime protocol on the loopback: says what a test tells it to, and checks it by OpenAI's types.

It hears on a real socket. What the box sends must be an event of ``openai.types.realtime``; what it says itself, too.
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from openai.types.realtime import RealtimeClientEvent, RealtimeServerEvent
from pydantic import TypeAdapter, ValidationError
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from tests.patience import wait_until

Event = dict[str, Any]

_CLIENT: TypeAdapter[Any] = TypeAdapter(RealtimeClientEvent)
_SERVER: TypeAdapter[Any] = TypeAdapter(RealtimeServerEvent)

CREATED: Event = {
    "type": "session.created",
    "event_id": "e1",
    "session": {"type": "realtime", "model": "test", "output_modalities": ["audio"]},
}
BETA_CREATED: Event = {"type": "session.created", "event_id": "e1", "session": {"model": "test", "voice": "a"}}


def tone(seconds: float, rate_hz: int = 24_000, strength: float = 0.3) -> bytes:
    """A voice: int16 little-endian."""
    times = np.arange(round(seconds * rate_hz)) / rate_hz
    sound = strength * np.sin(2 * np.pi * 307 * times)
    return np.asarray(np.round(sound * 32767), "<i2").tobytes()


class RealtimeServer:
    """One client at a time. ``on[type]`` is called with each event of that type."""

    def __init__(self, hello: Event | None = CREATED, *, checked: bool = True) -> None:
        """``hello`` None: accepts, and says nothing. ``checked``: both sides speak GA."""
        self.heard: list[Event] = []
        self.faults: list[str] = []
        self.paths: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.on: dict[str, Callable[[Event], None]] = {}
        self.hello, self._checked = hello, checked
        self.connection: ServerConnection | None = None
        self._server = serve(self._serve, "127.0.0.1", 0, compression=None, max_size=None)
        self.port = self._server.socket.getsockname()[1]
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/v1/realtime"

    def _serve(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        self.paths.append(connection.request.path)
        self.headers.append(dict(connection.request.headers.raw_items()))
        self.connection = connection
        if self.hello is not None:
            self.send(self.hello)
        try:
            for text in connection:
                self._hear(json.loads(text))
        except ConnectionClosed:
            pass

    def _hear(self, event: Event) -> None:
        if self._checked:
            try:
                _CLIENT.validate_python(event, strict=True)
            except ValidationError:
                self.faults.append(f"no event of the client: {json.dumps(event)[:300]}")
        self.heard.append(event)
        if event["type"] in self.on:
            self.on[event["type"]](event)

    def send(self, event: Event) -> None:
        if self._checked:
            _SERVER.validate_python({"event_id": "e", **event})
        self.send_raw(json.dumps({"event_id": "e", **event}))

    def send_raw(self, text: str) -> None:
        assert self.connection is not None
        self.connection.send(text)

    def types(self) -> list[str]:
        return [event["type"] for event in self.heard]

    def of(self, kind: str) -> list[Event]:
        return [event for event in self.heard if event["type"] == kind]

    def until(self, kind: str, count: int = 1) -> Event:
        wait_until(lambda: len(self.of(kind)) >= count, lambda: f"{count} x {kind}: {self.types()[-20:]}")
        return self.of(kind)[count - 1]

    def sound(self) -> bytes:
        """All that the guest sent."""
        return b"".join(base64.b64decode(event["audio"]) for event in self.of("input_audio_buffer.append"))

    def begin(self, response: str = "r1", item: str = "i1") -> None:
        place = {"response_id": response, "item_id": item, "output_index": 0, "content_index": 0}
        self.send({"type": "response.created", "response": {"id": response, "object": "realtime.response"}})
        message = {"id": item, "type": "message", "role": "assistant", "content": [], "status": "in_progress"}
        self.send({"type": "response.output_item.added", "response_id": response, "output_index": 0, "item": message})
        self.send({"type": "response.content_part.added", **place, "part": {"type": "audio", "transcript": ""}})

    def delta(self, data: bytes, response: str = "r1", item: str = "i1") -> None:
        place = {"response_id": response, "item_id": item, "output_index": 0, "content_index": 0}
        self.send({"type": "response.output_audio.delta", **place, "delta": base64.b64encode(data).decode()})

    def words(self, text: str, response: str = "r1", item: str = "i1") -> None:
        place = {"response_id": response, "item_id": item, "output_index": 0, "content_index": 0}
        self.send({"type": "response.output_audio_transcript.delta", **place, "delta": text})

    def end(self, response: str = "r1", item: str = "i1", status: str = "completed") -> None:
        place = {"response_id": response, "item_id": item, "output_index": 0, "content_index": 0}
        self.send({"type": "response.output_audio.done", **place})
        self.send({"type": "response.output_audio_transcript.done", **place, "transcript": ""})
        self.done(response, status)

    def done(self, response: str = "r1", status: str = "completed", **details: Any) -> None:
        self.send({"type": "response.done", "response": {"id": response, "status": status, **details}})

    def answer(self, seconds: float = 1.0, response: str = "r1", item: str = "i1", text: str = "hello") -> None:
        """All at once, as real ones nearly do."""
        self.begin(response, item)
        self.words(text, response, item)
        self.delta(tone(seconds), response, item)
        self.end(response, item)

    def guest_begins(self) -> None:
        self.send({"type": "input_audio_buffer.speech_started", "audio_start_ms": 100, "item_id": "g1"})

    def guest_ends(self) -> None:
        self.send({"type": "input_audio_buffer.speech_stopped", "audio_end_ms": 900, "item_id": "g1"})

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close_socket()
        self._server.shutdown()
        self._thread.join()
