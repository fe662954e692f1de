"""The brain ``realtime``: the guest's voice up, the answer's sound and words down, over one WebSocket."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import numpy as np

from visaged.clock import NS_PER_S, now_ns
from visaged.conversation.brains.history import History
from visaged.conversation.brains.protocol import RATE_HZ, Heard, Host, Pcm, Script, ToolCall
from visaged.conversation.brains.realtime import wire
from visaged.conversation.brains.realtime.answer import Answers
from visaged.conversation.brains.realtime.server import Server
from visaged.conversation.brains.socket import BrainSocket
from visaged.metrics import Metrics
from visaged.printable import printable
from visaged.problems import Problems

log = logging.getLogger(__name__)

REFUSED_PROBLEM: Final = "brain_refused"
_PIECE: Final = RATE_HZ * 20 // 1000
"""20 ms, as OpenAI's own example sends."""
_MOST_CHARS: Final = 4000
_MOST_NAMES: Final = 20
# A tool's answer may be wanted in words; a brain that only ever calls tools is not asked for ever.
_MOST_CALLS_ALONE: Final = 3
# What says that a request came too late: nothing is wrong.
_HARMLESS: Final = ("response_cancel_not_active", "input_audio_buffer_commit_empty")
_RATES: Final = range(8_000, 48_001)


class RealtimeBrain:
    """A ``Brain`` (brains/protocol.py)."""

    def __init__(
        self,
        server: Server,
        script: Script,
        host: Host,
        metrics: Metrics,
        problems: Problems,
        *,
        server_turns: bool = True,
        interrupt: bool = True,
    ) -> None:
        """``server_turns``: it finds turns itself; ``interrupt``: the guest may cut it off."""
        self.name = f"realtime at {urlsplit(server.url).netloc}"
        self.hears_all = server_turns
        self._vendor = server.vendor
        self._script, self._host, self._problems = script, host, problems
        self._interrupt = interrupt
        self._lock = threading.Lock()
        self._answers = Answers()
        self._history = History()
        self._words: dict[str, str] = {}
        self._tool_names: dict[str, str] = {}
        self._calls = self._calls_alone = 0
        self._beta = False
        self._greeted = self._guest_speaks = False
        self._renew_at_ns = 0
        self._pieces: list[Pcm] = []
        self._bad = metrics.counter("conversation.bad_messages")
        self._send_now: Callable[[str | bytes], None] = lambda message: None
        self._link = BrainSocket(
            server.address, problems, on_open=self._on_open, on_message=self._on_message, on_lost=host.disconnected
        )

    def start(self) -> None:
        """Connect."""
        self._link.start()

    def stop(self) -> None:
        """Leave, and forget."""
        self._link.stop()
        self._forget()
        self._problems.clear(REFUSED_PROBLEM)

    def forget(self) -> None:
        """Another session, which is told nothing."""
        self._forget()
        self._link.leave()

    def hear(self, pcm: Pcm) -> None:
        """In pieces of 20 ms."""
        self._pieces.append(pcm)
        if sum(map(len, self._pieces)) >= _PIECE:
            self._flush()
        self._renew_if_due()

    def begin_turn(self) -> None:
        """What the server holds of before does not belong to it; the pre-roll comes next."""
        self._pieces.clear()
        self._guest_speaks = True
        self._put(wire.CLEAR)

    def end_turn(self) -> None:
        """Now answer."""
        self._flush()
        self._guest_speaks = False
        self._put(wire.COMMIT)
        self._put(wire.RESPOND)

    def cut(self, heard: Sequence[Heard]) -> None:
        """Cancel what is being made, and say how much of it was heard."""
        with self._lock:
            response_id = self._answers.cut()
            truncations = [self._answers.truncation(one) for one in heard]
        if response_id and self._vendor.cancels:
            self._put(wire.cancel(response_id))
        for truncation in truncations:
            if truncation is not None and self._vendor.truncates:
                self._put(truncation)

    def _flush(self) -> None:
        if self._pieces:
            self._put(wire.append(np.concatenate(self._pieces)))
            self._pieces.clear()

    def _put(self, message: wire.Message) -> None:
        self._link.put(wire.dump(message))

    def _forget(self) -> None:
        self._history.clear()
        self._greeted = False

    def _renew_if_due(self) -> None:
        due = self._renew_at_ns and now_ns() > self._renew_at_ns
        if due and not self._answers.active and not self._guest_speaks:
            self._renew_at_ns = 0
            log.info("%s: another session before this one ends", self.name)
            self._link.leave()

    # The link's thread from here on.

    def _on_open(self, send: Callable[[str | bytes], None]) -> None:
        self._send_now = send
        with self._lock:
            self._answers = Answers()
            self._words.clear()
            self._tool_names.clear()
        self._guest_speaks = False
        self._calls = self._calls_alone = 0

    def _on_message(self, text: str | bytes) -> None:
        try:
            message = wire.parse(text)
            handler = _HANDLERS.get(message["type"])
            if handler is not None:
                handler(self, message)
        except (wire.WireError, KeyError, TypeError, AttributeError, ValueError) as error:
            self._bad.add()
            log.debug("%s: what came is left out: %s", self.name, printable(repr(error)))

    def _session_created(self, message: wire.Message) -> None:
        session = message.get("session")
        session = session if isinstance(session, dict) else {}
        shape: str = self._vendor.shape
        if shape == "auto":
            shape = "ga" if "type" in session or "audio" in session else "beta"
        self._beta = shape == "beta"
        update = wire.update(
            self._script,
            shape=shape,
            voice=self._script.voice or self._vendor.voice,
            transcribes=self._vendor.transcribes,
            server_turns=self.hears_all,
            interrupt=self._interrupt,
        )
        self._send_now(wire.dump(update))
        for item in wire.history(self._history.read(), beta=self._beta):
            self._send_now(wire.dump(item))
        if self._script.greeting and not self._greeted:
            self._send_now(wire.dump(wire.greet(self._script.greeting)))
        self._greeted = True
        limit_s = self._vendor.renew_after_s
        self._renew_at_ns = now_ns() + round(limit_s * NS_PER_S) if limit_s else 0
        self._link.ready()
        self._host.connected()

    def _session_updated(self, message: wire.Message) -> None:
        self._problems.clear(REFUSED_PROBLEM)
        rate_hz = message["session"].get("audio", {}).get("output", {}).get("format", {}).get("rate", RATE_HZ)
        if rate_hz in _RATES:
            self._answers.rate_hz = int(rate_hz)

    def _speech_started(self, message: wire.Message) -> None:
        self._guest_speaks = True
        self._host.guest_began()

    def _speech_stopped(self, message: wire.Message) -> None:
        self._guest_speaks = False
        self._host.guest_ended()

    def _transcribed(self, message: wire.Message) -> None:
        self._history.add("user", str(message["transcript"]))
        self._host.guest_said(str(message["transcript"])[:_MOST_CHARS])

    def _response_created(self, message: wire.Message) -> None:
        with self._lock:
            self._answers.begin(str(message["response"]["id"]))
        self._calls = 0

    def _item_added(self, message: wire.Message) -> None:
        item = message["item"]
        if item.get("type") == "function_call" and len(self._tool_names) < _MOST_NAMES:
            self._tool_names[str(item.get("call_id") or item["id"])] = str(item["name"])

    def _sound(self, message: wire.Message) -> None:
        item_id = str(message["item_id"])
        data = wire.decode_sound(message["delta"])
        index = message.get("content_index", 0)
        with self._lock:
            if not self._answers.wanted(str(message.get("response_id"))):
                return
            pcm = self._answers.sound(item_id, index if isinstance(index, int) else 0, data)
        self._host.sound(item_id, pcm)

    def _sound_done(self, message: wire.Message) -> None:
        self._host.over(str(message["item_id"]))

    def _text(self, message: wire.Message) -> None:
        item_id, text = str(message["item_id"]), str(message["delta"])
        if self._answers.wanted(str(message.get("response_id"))):
            self._words[item_id] = (self._words.pop(item_id, "") + text)[-_MOST_CHARS:]
            self._host.text(item_id, text)

    def _text_done(self, message: wire.Message) -> None:
        self._history.add("assistant", self._words.pop(str(message["item_id"]), ""))

    def _called(self, message: wire.Message) -> None:
        call_id = str(message["call_id"])
        name = str(message.get("name") or self._tool_names.pop(call_id, ""))
        if not self._answers.wanted(str(message.get("response_id"))):
            return
        self._calls += 1
        output = self._host.call(ToolCall(call_id, name, wire.arguments(message.get("arguments"))))
        self._put(wire.tool_output(call_id, output))

    def _response_done(self, message: wire.Message) -> None:
        response: dict[str, Any] = message["response"]
        response_id = str(response.get("id"))
        with self._lock:
            wanted, sounded = self._answers.wanted(response_id), self._answers.sounded
            self._answers.end(response_id)
        if not wanted:
            return
        if response.get("status") in ("failed", "incomplete") and not sounded:
            self._host.failed(wire.failure(response))
        elif self._calls and not sounded and self._calls_alone < _MOST_CALLS_ALONE:
            # The guest still waits for words.
            self._calls_alone += 1
            self._put(wire.RESPOND)
            return
        self._calls_alone = 0

    def _error(self, message: wire.Message) -> None:
        error = message["error"]
        error = error if isinstance(error, dict) else {"message": error}
        code, why = str(error.get("code") or error.get("type") or ""), printable(str(error.get("message") or ""))
        if code in _HARMLESS:
            return
        log.warning("%s: error %s: %s", self.name, printable(code), why)
        if error.get("event_id") == "update" or code in ("invalid_api_key", "model_load_error", "model_not_found"):
            remedy = "Look at the settings of [conversation] and the persona"
            self._problems.open(REFUSED_PROBLEM, f"{self.name} refuses: {why or code}", remedy)
        if code == "session_expired":
            self._link.leave()
        elif not self._answers.active:
            self._host.failed(why or code)


_HANDLERS: Final[dict[str, Callable[[RealtimeBrain, wire.Message], None]]] = {
    "session.created": RealtimeBrain._session_created,
    "session.updated": RealtimeBrain._session_updated,
    "input_audio_buffer.speech_started": RealtimeBrain._speech_started,
    "input_audio_buffer.speech_stopped": RealtimeBrain._speech_stopped,
    "conversation.item.input_audio_transcription.completed": RealtimeBrain._transcribed,
    "response.created": RealtimeBrain._response_created,
    "response.output_item.added": RealtimeBrain._item_added,
    "response.output_audio.delta": RealtimeBrain._sound,
    "response.output_audio.done": RealtimeBrain._sound_done,
    "response.output_audio_transcript.delta": RealtimeBrain._text,
    "response.output_audio_transcript.done": RealtimeBrain._text_done,
    "response.function_call_arguments.done": RealtimeBrain._called,
    "response.done": RealtimeBrain._response_done,
    "error": RealtimeBrain._error,
    # LocalAI's, in place of session.created.
    "model_load_error": RealtimeBrain._error,
}
