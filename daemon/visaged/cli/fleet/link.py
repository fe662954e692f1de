"""The operator's connection: hears every box, asks some of them, collects the answers."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final

import paho.mqtt.client as paho
from paho.mqtt.reasoncodes import ReasonCode

from visaged.cli.fleet.bad_messages import BadMessages
from visaged.cli.fleet.boxes import Boxes
from visaged.cli.fleet.messages import BadMessage, read_event, read_reply
from visaged.config import MqttSettings
from visaged.control.mqtt.errors import MqttError, explain_failure
from visaged.control.mqtt.tool_client import open_tool_client
from visaged.control.protocol.envelope import ErrorBody
from visaged.control.protocol.events import Event
from visaged.printable import NAME, printable

_CONNECT_S: Final = 10.0
# Retained messages come in one go after the subscription; when this long nothing new came, that was all.
_QUIET_S: Final = 0.3


@dataclass(frozen=True)
class Answer:
    """What one box answered, and after how long."""

    device_id: str
    data: dict[str, Any]
    error: ErrorBody | None
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether it was carried out."""
        return self.error is None

    @property
    def reason(self) -> str:
        """``code (field): message`` of an error, else empty."""
        if self.error is None:
            return ""
        field = f" ({self.error.field})" if self.error.field else ""
        return f"{self.error.code}{field}: {self.error.message}"


class FleetLink:
    """Use with ``with``. paho's thread receives; the methods are for the thread that made it."""

    def __init__(self, settings: MqttSettings) -> None:
        """Connect and subscribe. Raises MqttError with the reason when the broker does not take us in."""
        self._settings = settings
        self.base = settings.base
        self.boxes = Boxes()
        self.bad = BadMessages()
        self._changed = threading.Condition()
        self._heard = 0
        self._waiting: dict[str, dict[str, Answer]] = {}
        self._asked_at: dict[str, float] = {}
        self._listeners: list[Callable[[str, Event], None]] = []
        self._refusal: MqttError | None = None
        self._ready = False
        self._client = open_tool_client(settings, "fleet")
        self._client.on_connect = self._subscribe
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message
        self._open()

    def __enter__(self) -> FleetLink:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def listen(self, listener: Callable[[str, Event], None]) -> None:
        """Call ``listener(device id, event)`` for every event (paho's thread)."""
        self._listeners.append(listener)

    def settle(self, longest_s: float = 5.0) -> None:
        """Wait until the retained messages are in."""
        deadline = time.monotonic() + longest_s
        with self._changed:
            while time.monotonic() < deadline:
                before = self._heard
                self._changed.wait_for(lambda before=before: self._heard != before, _QUIET_S)  # type: ignore[misc]
                if self._heard == before:
                    return

    def ask(
        self, topics: Sequence[str], command: str, fields: dict[str, Any], expected: set[str], timeout_s: float
    ) -> dict[str, Answer]:
        """Send a command to ``topics`` (``box-01``, ``group/lobby``, ``all``); the answers by device id.

        Returns when every expected box has answered, or after ``timeout_s``.
        """
        transaction = uuid.uuid4().hex
        answers: dict[str, Answer] = {}
        payload = json.dumps({"transaction": transaction, **fields}).encode()
        with self._changed:
            self._waiting[transaction] = answers
            self._asked_at[transaction] = time.monotonic()
        for topic in topics:
            self._client.publish(f"{self.base}/{topic}/request/{command}", payload, qos=1)
        with self._changed:
            self._changed.wait_for(lambda: expected and expected <= answers.keys(), timeout_s)
            del self._waiting[transaction], self._asked_at[transaction]
            return dict(answers)

    def wait(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        """Wait until ``condition`` holds, asked again at every message; whether it came to hold."""
        with self._changed:
            return bool(self._changed.wait_for(condition, timeout_s))

    def clear(self, topic: str) -> None:
        """Take a retained message off the broker."""
        self._client.publish(topic, b"", qos=1, retain=True).wait_for_publish(_CONNECT_S)

    def _open(self) -> None:
        self._subscribe()
        self._client.loop_start()
        with self._changed:
            self._changed.wait_for(lambda: self._ready or self._refusal is not None, _CONNECT_S)
        if not self._ready:
            self._client.loop_stop()
            raise self._refusal or explain_failure(TimeoutError("no answer"), self._settings)

    def _subscribe(self, *_: Any) -> None:
        """After each time that it was connected (paho's ``on_connect``)."""
        # QoS 0: a thousand boxes answer at once, and brokers queue no more than about a thousand QoS-1 messages for one
        # client before they drop some. What is lost with the connection would be asked again anyway.
        kinds = ("status", "health", "response/+", "event/+")
        self._client.subscribe([(f"{self.base}/+/{kind}", 0) for kind in kinds])

    def _on_subscribe(self, client: Any, userdata: Any, mid: int, reasons: list[ReasonCode], properties: Any) -> None:
        with self._changed:
            refused = [reason for reason in reasons if reason.is_failure]
            if refused:
                remedy = f"let this user read below {self.base}/"
                self._refusal = MqttError(
                    "mqtt_not_allowed", f"the broker refuses to tell of boxes: {refused[0]}", remedy
                )
            else:
                self._ready = True
            self._changed.notify_all()

    def _on_message(self, client: Any, userdata: Any, message: paho.MQTTMessage) -> None:
        topic = "?"
        try:
            topic = message.topic.removeprefix(f"{self.base}/")
            self._take(topic, bytes(message.payload))
        except BadMessage as error:
            self.bad.count(topic, str(error))
        except Exception as error:  # noqa: BLE001
            # An exception would end paho's thread: the table would stand still, and nobody's answer would come in.
            self.bad.count(topic, printable(f"{type(error).__name__}: {error}", NAME))
        finally:
            with self._changed:
                # Only what the broker kept; a fleet at work is never quiet.
                self._heard += message.retain
                self._changed.notify_all()

    def _take(self, topic: str, payload: bytes) -> None:
        """Take in one message. Raises BadMessage."""
        device_id, _, kind = topic.partition("/")
        if kind.startswith("event/"):
            event = read_event(payload)
            for listener in self._listeners:
                listener(device_id, event)
        elif kind.startswith("response/"):
            self._take_answer(device_id, payload)
        else:
            self.boxes.heard(device_id, kind, payload)

    def _take_answer(self, device_id: str, payload: bytes) -> None:
        reply = read_reply(payload)
        with self._changed:
            answers = self._waiting.get(reply.transaction or "")
            if answers is not None:  # else it is to somebody else
                seconds = time.monotonic() - self._asked_at[reply.transaction or ""]
                answers[device_id] = Answer(device_id, reply.data or {}, reply.error, seconds)
