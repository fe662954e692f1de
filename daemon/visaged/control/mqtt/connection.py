"""One connection to the broker, from CONNECT to its end, driven step by step by the MQTT thread.

A paho client is used for this one connection and thrown away, without a thread of its own: the send queue, not paho,
keeps what is not acknowledged, so a new connection sends it again in its order.
"""

from __future__ import annotations

import selectors
import ssl
from collections.abc import Callable, Sequence
from typing import Any, Final

import paho.mqtt.client as paho
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from visaged.clock import NS_PER_S, now_ns
from visaged.config import MqttSettings
from visaged.control.mqtt.client import make_client, make_properties
from visaged.control.mqtt.errors import MqttError, explain_loss
from visaged.control.mqtt.opening import open_connection
from visaged.control.mqtt.send_queue import SendQueue
from visaged.control.mqtt.tcp_nodelay import acknowledge_at_once, send_at_once
from visaged.control.wake import Wake

# A request that the broker keeps while the box is away is at most as old as the transactions the box remembers: what
# is delivered twice is still known, and what would come too late is not delivered at all.
SESSION_EXPIRY_S: Final = 60
# Messages sent and not yet acknowledged: mosquitto's default, enough for thousands per second on a LAN.
_WINDOW: Final = 20
# How often paho may look after its keep-alive.
_MISC_EVERY_NS: Final = NS_PER_S

Complaint = tuple[str, str, str]
"""Problem code, message, remedy."""


class Connection:
    """Sends what the send queue holds, hands on what comes in."""

    def __init__(
        self, settings: MqttSettings, device_id: str, will: tuple[str, bytes], send_queue: SendQueue, wake: Wake
    ) -> None:
        """``will``: topic and payload. Raises MqttError when a password or certificate file cannot be used."""
        self._settings = settings
        self._modern = settings.protocol == "5"
        self._send_queue = send_queue
        self._wake = wake
        self._window = _WINDOW
        self._client = make_client(settings, f"visaged-{device_id}", will)
        send_at_once(self._client)
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = lambda client, userdata, message: self.on_message(message)
        self._client.on_publish = self._on_publish
        self._client.on_subscribe = self._on_subscribe
        self._selector = selectors.DefaultSelector()
        self._reads_writes = 0
        self._misc_due_ns = 0
        self._subscriptions: dict[int, Sequence[str]] = {}
        self._complaints: list[Complaint] = []
        self._error: MqttError | None = None
        self.accepted = False
        """CONNACK came and was no error."""
        self.on_message: Callable[[paho.MQTTMessage], None] = lambda message: None

    def open(self, give_up: Callable[[], bool]) -> None:
        """Connect and wait for CONNACK. Raises MqttError with the reason when the broker does not take us in."""
        self._selector.register(self._wake.reader, selectors.EVENT_READ)
        properties = open_connection(
            self._client, self._settings, self.step, session_expiry_s=SESSION_EXPIRY_S, give_up=give_up
        )
        self._window = min(_WINDOW, getattr(properties, "ReceiveMaximum", _WINDOW))
        self.accepted = True

    def subscribe(self, request_topics: Sequence[str], state_topics: Sequence[str]) -> None:
        """Ask for requests (retained ones are marked as such) and for states (with what is retained there)."""
        for topics, handling in ((request_topics, 1), (state_topics, 0)):
            if not topics:
                continue
            if self._modern:
                # retainHandling 1: a retained request is seen (and refused) once, not at every reconnect.
                options = SubscribeOptions(qos=1, noLocal=True, retainAsPublished=True, retainHandling=handling)
                _, mid = self._client.subscribe([(topic, options) for topic in topics])
            else:
                _, mid = self._client.subscribe([(topic, 1) for topic in topics])
            if mid is not None:
                self._subscriptions[mid] = topics

    def step(self, timeout_s: float) -> None:
        """Wait at most ``timeout_s`` for something to do, and do it. Raises MqttError when the connection is lost."""
        if self.accepted:
            self._send()
        self._watch()
        for key, events in self._selector.select(timeout_s):
            if key.fileobj is self._wake.reader:
                self._wake.drain()
                continue
            if events & selectors.EVENT_READ:
                self._read(key.fileobj)
            if events & selectors.EVENT_WRITE:
                self._client.loop_write()
        if now_ns() >= self._misc_due_ns:
            self._misc_due_ns = now_ns() + _MISC_EVERY_NS
            self._client.loop_misc()
        self._check()

    def take_complaints(self) -> list[Complaint]:
        """What the broker would not do since the last call."""
        complaints, self._complaints = self._complaints, []
        return complaints

    def close(self, timeout_s: float) -> None:
        """Send what waits, as far as it goes within ``timeout_s``, and disconnect cleanly: the will is not sent."""
        deadline_ns = now_ns() + int(timeout_s * NS_PER_S)
        try:
            while len(self._send_queue) and now_ns() < deadline_ns:
                self.step(0.05)
            self.accepted = False
            self._client.disconnect()
            while self._client.want_write() and now_ns() < deadline_ns:
                self._client.loop_write()
        except MqttError:
            return

    def abandon(self) -> None:
        """Close the socket without a word, if it is still open."""
        self.accepted = False
        self._selector.close()
        self._client.on_disconnect = None
        connection = self._client.socket()
        if connection is not None:
            connection.close()

    def _read(self, connection: Any) -> None:
        self._client.loop_read()
        if self._still(connection):
            acknowledge_at_once(connection)
        # TLS may hold decrypted bytes that no selector knows of.
        while isinstance(connection, ssl.SSLSocket) and self._still(connection) and connection.pending():
            self._client.loop_read()

    def _still(self, connection: Any) -> bool:
        return self._client.socket() is connection

    def _watch(self) -> None:
        connection = self._client.socket()
        self._check()
        if connection is None:
            raise self._error or explain_loss(0, "closed", self._settings)
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._client.want_write() else 0)
        if self._reads_writes == 0:
            self._selector.register(connection, wanted)
        elif wanted != self._reads_writes:
            self._selector.modify(connection, wanted)
        self._reads_writes = wanted

    def _check(self) -> None:
        if self._error is not None:
            self.accepted = False
            raise self._error

    def _send(self) -> None:
        while self._send_queue.flying < self._window and not self._client.want_write():
            message = self._send_queue.take()
            if message is None:
                return
            properties = None
            if message.correlation is not None and self._modern:
                properties = make_properties(PacketTypes.PUBLISH)
                properties.CorrelationData = message.correlation
            info = self._client.publish(message.topic, message.payload, message.qos, message.retain, properties)
            self._send_queue.sent(info.mid, message)
            if info.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
                return

    def _on_disconnect(
        self, client: Any, userdata: Any, flags: Any, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if self._error is None:
            self._error = explain_loss(reason.value, str(reason), self._settings)

    def _on_publish(self, client: Any, userdata: Any, mid: int, reason: ReasonCode, properties: Properties) -> None:
        message = self._send_queue.acknowledged(mid, refused=reason.is_failure)
        if message is not None and reason.is_failure:
            self._complain("publish", message.topic, reason)

    def _on_subscribe(
        self, client: Any, userdata: Any, mid: int, reasons: list[ReasonCode], properties: Properties | None
    ) -> None:
        for topic, reason in zip(self._subscriptions.pop(mid, ()), reasons, strict=False):
            if reason.is_failure:
                self._complain("subscribe", topic, reason)

    def _complain(self, what: str, topic: str, reason: ReasonCode) -> None:
        remedy = "let this user read and write below its own topics, see docs/mqtt.md for an example ACL"
        self._complaints.append(("mqtt_not_allowed", f"the broker refuses to {what} {topic}: {reason}", remedy))
