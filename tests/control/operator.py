"""The other side of the broker: an MQTT 5 client that collects what a box says and asks it things."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from tests.patience import PATIENCE_S
from visaged.control.mqtt.tcp_nodelay import send_at_once


class Operator:
    """Subscribed to everything; messages in the order they came."""

    def __init__(
        self,
        port: int,
        setup: Callable[[paho.Client], None] | None = None,
        topic: str = "#",
        *,
        returns: bool = False,
    ) -> None:
        """``setup``: before it connects; ``returns``: the broker is to keep for it what comes while it is away."""
        self.messages: list[paho.MQTTMessage] = []
        self._changed = threading.Condition()
        self._subscribed = threading.Event()
        self.client = paho.Client(
            CallbackAPIVersion.VERSION2, "operator" if returns else "", protocol=MQTTProtocolVersion.MQTTv5
        )
        session = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        session.SessionExpiryInterval = 3600 if returns else 0
        if setup is not None:
            setup(self.client)
        send_at_once(self.client)
        self.client.on_message = self._on_message
        self.client.on_subscribe = lambda *_: self._subscribed.set()
        options = SubscribeOptions(qos=1, retainAsPublished=True)
        self.client.on_connect = lambda client, *_: client.subscribe(topic, options=options)
        self.client.connect("127.0.0.1", port, clean_start=not returns, properties=session)
        self.client.loop_start()
        assert self._subscribed.wait(PATIENCE_S)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def publish(
        self,
        topic: str,
        payload: bytes | dict[str, Any],
        *,
        retain: bool = False,
        expiry_s: int | None = None,
        answer_to: str | None = None,
        correlation: bytes | None = None,
    ) -> None:
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        if expiry_s is not None:
            properties.MessageExpiryInterval = expiry_s
        if answer_to is not None:
            properties.ResponseTopic = answer_to
        if correlation is not None:
            properties.CorrelationData = correlation
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        self.client.publish(topic, body, 1, retain, properties).wait_for_publish(PATIENCE_S)

    def seen(self, predicate: Callable[[paho.MQTTMessage], bool]) -> list[paho.MQTTMessage]:
        """The messages so far that match."""
        return [message for message in tuple(self.messages) if predicate(message)]

    def wait(self, predicate: Callable[[paho.MQTTMessage], bool], count: int = 1) -> list[paho.MQTTMessage]:
        """The messages that match, once there are ``count`` of them; fails when they do not come."""
        deadline = time.monotonic() + PATIENCE_S
        with self._changed:
            while True:
                found = self.seen(predicate)
                if len(found) >= count:
                    return found
                left = deadline - time.monotonic()
                assert left > 0, f"{len(found)} of {count} came; seen: {sorted({m.topic for m in self.messages})}"
                self._changed.wait(left)

    def wait_for(self, topic: str, **fields: Any) -> dict[str, Any]:
        """The first JSON message on ``topic`` with these fields."""

        def matches(message: paho.MQTTMessage) -> bool:
            if message.topic != topic or not message.payload:
                return False
            content = json.loads(message.payload)
            return all(content.get(name) == value for name, value in fields.items())

        content: dict[str, Any] = json.loads(self.wait(matches)[0].payload)
        return content

    def forget(self) -> None:
        """Forget what came so far."""
        with self._changed:
            self.messages.clear()

    def _on_message(self, client: Any, userdata: Any, message: paho.MQTTMessage) -> None:
        with self._changed:
            self.messages.append(message)
            self._changed.notify_all()
