"""What comes in on one connection: each message to whom it is meant for (MQTT thread)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import paho.mqtt.client as paho

from visaged.clock import NS_PER_S, now_ns
from visaged.control.dispatcher import Dispatcher, Incoming
from visaged.control.mqtt.announcer import Announcer
from visaged.control.mqtt.send_queue import OutgoingMessage
from visaged.control.protocol.parse import find_transaction
from visaged.control.protocol.refusal import Refusal
from visaged.control.protocol.topics import HOME_ASSISTANT, Topics

# After these, health is told at once: a switch in Home Assistant shows what health says.
_SHOWN_IN_HEALTH: Final = frozenset(
    {"mode.set", "mute.set", "gain.set", "emotion.set", "profile.set", "context.set", "config.set", "models.select"}
)

# It is kept until the answer has gone out; a UUID takes 36.
_MAX_CORRELATION_BYTES: Final = 1024


class Inbox:
    """Requests to the dispatcher, states to the announcer, codec frames to their sink."""

    def __init__(
        self,
        topics: Topics,
        dispatcher: Dispatcher,
        announcer: Announcer,
        codec_down: Callable[[bytes], None],
        put: Callable[[OutgoingMessage], None],
    ) -> None:
        """``put`` publishes an answer; it is called on the dispatcher's threads."""
        self._topics = topics
        self._dispatcher = dispatcher
        self._announcer = announcer
        self._codec_down = codec_down
        self._put = put

    def take(self, message: paho.MQTTMessage) -> None:
        """Take in one message; what is not for us is passed over."""
        topic, payload = message.topic, bytes(message.payload)
        if topic == self._topics.status:
            self._announcer.heard_status(payload)
        elif topic == f"{HOME_ASSISTANT}/status":
            if payload == b"online":
                self._announcer.discover()
        elif topic == self._topics.codec_down:
            # A frame that the broker kept was said to somebody else.
            if not message.retain:
                self._codec_down(payload)
        elif (command := self._topics.command_of(topic)) is not None:
            self._take_request(command, payload, message)

    def _take_request(self, command: str, payload: bytes, message: paho.MQTTMessage) -> None:
        properties = message.properties
        asked: str | None = getattr(properties, "ResponseTopic", None)
        correlation: bytes | None = getattr(properties, "CorrelationData", None)
        expiry_s: int | None = getattr(properties, "MessageExpiryInterval", None)
        allowed = asked is None or self._topics.may_answer_to(asked)
        topic = asked if asked is not None and allowed else self._topics.response(command)

        def reply(answer: bytes) -> None:
            if command in _SHOWN_IN_HEALTH:
                self._announcer.hurry()
            self._put(OutgoingMessage("response", topic, answer, correlation=correlation))

        if correlation is not None and len(correlation) > _MAX_CORRELATION_BYTES:
            size, correlation = len(correlation), None
            words = f"the correlation data is {size} bytes; accepted are up to {_MAX_CORRELATION_BYTES}"
            refusal = Refusal("invalid", words, "correlation_data")
            reply(self._dispatcher.encode(command, find_transaction(payload), None, refusal))
            return
        if not allowed:
            words = f"answers are not sent to that topic; accepted is {self._topics.own}/response/…"
            refusal = Refusal("invalid", words, "response_topic")
            reply(self._dispatcher.encode(command, find_transaction(payload), None, refusal))
            return
        deadline_ns = None if expiry_s is None else now_ns() + expiry_s * NS_PER_S
        self._dispatcher.submit(Incoming(command, payload, "mqtt", reply, message.retain, deadline_ns))
