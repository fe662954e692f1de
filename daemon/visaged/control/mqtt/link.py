"""The MQTT link: keeps a connection to the broker, hands requests to the dispatcher, publishes what the box says.

All of it runs on one thread of its own, with one paho client per connection; no thread of paho's, none of the face's.
Other threads only append to the send queue. The network being absent, at boot or later, is normal: the link tries again
with jittered waits and says once why.
"""

from __future__ import annotations

import logging
import random
import selectors
import uuid
from collections.abc import Callable
from typing import Final

import paho.mqtt.client as paho

from visaged.clock import NS_PER_S, now_ns
from visaged.config import MqttSettings
from visaged.control.dispatcher import Dispatcher
from visaged.control.mqtt.announcer import Announcer
from visaged.control.mqtt.backoff import Backoff
from visaged.control.mqtt.connection import Connection
from visaged.control.mqtt.duplicate_id import DuplicateIds
from visaged.control.mqtt.errors import CODES, MqttError, explain_foreign_status
from visaged.control.mqtt.inbox import Inbox
from visaged.control.mqtt.link_sources import LinkSources
from visaged.control.mqtt.send_queue import OWN_STATE, OutgoingMessage, SendQueue
from visaged.control.protocol.events import Event
from visaged.control.protocol.health_model import MqttHealth
from visaged.control.protocol.topics import HOME_ASSISTANT, Topics
from visaged.control.wake import Wake
from visaged.guard import guarded
from visaged.metrics import Metrics
from visaged.problems import Problems
from visaged.realtime import go_realtime

log = logging.getLogger(__name__)

# How long a clean stop waits for the broker to take the last status.
_FAREWELL_S: Final = 1.0
# A connection that stood this long was a good one. Two boxes of one id throw each other out sooner, and must not do so
# as fast as they can connect.
_STEADY_NS: Final = 5 * NS_PER_S
# Codec messages that may wait for the socket: half a second of speech.
_CODEC_WAITING: Final = 6
# A connection attempt that runs may take its time-outs (name, TCP, TLS) before the thread sees that it should stop.
_JOIN_S: Final = 2.0


class MqttLink:
    """Presence, commands, events and health of this box at one broker."""

    def __init__(
        self,
        settings: MqttSettings,
        *,
        device_id: str,
        groups: list[str],
        dispatcher: Dispatcher,
        sources: LinkSources,
        metrics: Metrics,
        problems: Problems,
        realtime_priority: int = 0,
    ) -> None:
        """``realtime_priority``: SCHED_FIFO of its thread; 0: none."""
        self._settings = settings
        self._priority = realtime_priority
        self._device_id = device_id
        self._topics = Topics(settings.base, device_id, groups)
        self._dispatcher = dispatcher
        self._sources = sources
        self._problems = problems
        self.send_queue = SendQueue()
        self._wake = Wake()
        self._backoff = Backoff()
        self._duplicate_ids = DuplicateIds()
        self._thread = guarded(self._run, "mqtt", problems, lambda: self._stopping)
        self._stopping = False
        self._renew: tuple[MqttSettings, Topics] | None = None
        self._connection: Connection | None = None
        self._connects = 0
        self._codec_down: Callable[[bytes], None] | None = None
        self._codec_subscribed = False
        self.reached_ns: int | None = None
        """When the broker last took us in (monotonic ns); None: never, with the settings now in force."""
        metrics.provide("mqtt.reconnects", lambda: max(self._connects - 1, 0))
        metrics.provide("mqtt.queued", lambda: len(self.send_queue))
        metrics.provide("mqtt.dropped", lambda: sum(self.send_queue.dropped.values()))

    @property
    def connected(self) -> bool:
        """Whether the broker has accepted us and the connection stands."""
        connection = self._connection
        return connection is not None and connection.accepted

    def start(self) -> None:
        """Begin to connect; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Say ``stopped``, disconnect, and end the thread."""
        self._stopping = True
        self._wake.call()
        if self._thread.is_alive():
            self._thread.join(_FAREWELL_S + _JOIN_S)

    def reconfigure(self, settings: MqttSettings, groups: list[str]) -> None:
        """Leave the broker cleanly and connect as the new settings say (any thread; returns at once)."""
        self.reached_ns = None
        self._renew = (settings, Topics(settings.base, self._device_id, groups))
        self._wake.call()

    def tell(self, event: Event) -> None:
        """Publish an event (any thread); for ``Events.listen``."""
        self._put(OutgoingMessage("event", self._topics.event(event.event), event.model_dump_json().encode()))

    def take_codec(self, take: Callable[[bytes], None] | None) -> None:
        """Subscribe to codec frames and hand them to ``take``, on the link's thread; None: drop them (any thread)."""
        self._codec_down = take
        self._wake.call()

    def send_codec(self, frames: bytes) -> bool:
        """Publish codec frames if connected (any thread); False and counted when not: late frames are worthless."""
        if not self.connected:
            self.send_queue.dropped["codec"] += 1
            return False
        # What a stalled connection holds up is worthless, and must not push out what is not.
        self.send_queue.limit("codec", _CODEC_WAITING)
        self._put(OutgoingMessage("codec", self._topics.codec_up, frames, qos=0))
        return True

    def figures(self) -> MqttHealth:
        """The link's own part of health."""
        dropped = {str(kind): count for kind, count in self.send_queue.dropped.items()}
        return MqttHealth(
            connected=self.connected,
            reconnects=max(self._connects - 1, 0),
            queued=len(self.send_queue),
            dropped=sum(dropped.values()),
            dropped_by_kind=dropped,
            foreign_statuses=self._duplicate_ids.count,
        )

    def _put(self, message: OutgoingMessage) -> None:
        self.send_queue.put(message)
        self._wake.call()

    def _run(self) -> None:
        go_realtime(self._priority)
        while not self._stopping:
            if self._renew is not None:
                self._settings, self._topics = self._renew
                self._renew = None
                self._backoff.reset()
                # What the box said of itself there is not true here.
                for kind in OWN_STATE:
                    self.send_queue.clear(kind)
            pause_s = 0.0
            try:
                self._connect_and_serve()
            except MqttError as error:
                pause_s = error.pause_s * random.uniform(0.5, 1.0)
                if not self._stopping and self._renew is None:
                    self._blame(error)
            if not self._stopping and self._renew is None:
                self._pause(max(pause_s, self._backoff.wait_s()))
        self._wake.close()

    def _connect_and_serve(self) -> None:
        """One connection from first to last. Raises MqttError when it does not come about or is lost."""
        session = str(uuid.uuid4())
        self._duplicate_ids.own(session)
        announcer = Announcer(session, self._topics, self._sources, self._settings, self.send_queue)
        inbox = Inbox(self._topics, self._dispatcher, announcer, self._on_codec, self._put)
        will = (self._topics.status, announcer.status("offline"))
        connection = Connection(self._settings, self._device_id, will, self.send_queue, self._wake)
        connection.on_message = lambda message: self._on_message(message, inbox)
        try:
            connection.open(lambda: self._stopping or self._renew is not None)
            self._connection = connection
            self._welcome(connection, announcer)
            steady_ns = now_ns() + _STEADY_NS
            while not self._stopping and self._renew is None:
                self._subscribe_codec(connection)
                connection.step(announcer.work())
                if now_ns() > steady_ns:
                    self._backoff.reset()
                self._tell_duplicates(steady=now_ns() > steady_ns)
                for code, message, remedy in connection.take_complaints():
                    self._problems.open(code, message, remedy)
            announcer.say_stopped()
            connection.close(_FAREWELL_S)
        finally:
            self._connection = None
            connection.abandon()
            self.send_queue.land()

    def _welcome(self, connection: Connection, announcer: Announcer) -> None:
        self._connects += 1
        self.reached_ns = now_ns()
        for code in CODES:
            if code != "mqtt_id_taken":
                self._problems.clear(code)
        log.info("mqtt: connected to %s:%d", self._settings.host, self._settings.port)
        self._codec_subscribed = False
        state_topics = [self._topics.status]
        if self._settings.discovery:
            state_topics.append(f"{HOME_ASSISTANT}/status")
        connection.subscribe(self._topics.requests, state_topics)

    def _subscribe_codec(self, connection: Connection) -> None:
        if self._codec_down is not None and not self._codec_subscribed:
            self._codec_subscribed = True
            connection.subscribe([self._topics.codec_down], [])

    def _on_codec(self, frames: bytes) -> None:
        take = self._codec_down
        if take is not None:
            take(frames)

    def _blame(self, error: MqttError) -> None:
        for code in CODES:
            if code != error.code:
                self._problems.clear(code)
        self._problems.open(error.code, error.message, error.remedy)

    def _pause(self, wait_s: float) -> None:
        """Wait, cut short by stop and reconfigure."""
        deadline_ns = now_ns() + int(wait_s * NS_PER_S)
        with selectors.DefaultSelector() as selector:
            selector.register(self._wake.reader, selectors.EVENT_READ)
            while not self._stopping and self._renew is None and (left_ns := deadline_ns - now_ns()) > 0:
                if selector.select(left_ns / NS_PER_S):
                    self._wake.drain()

    def _tell_duplicates(self, steady: bool) -> None:
        if self._duplicate_ids.suspected(now_ns()):
            error = explain_foreign_status(self._topics.status)
            self._problems.open(error.code, error.message, error.remedy)
        elif steady:
            self._problems.clear("mqtt_id_taken")

    def _on_message(self, message: paho.MQTTMessage, inbox: Inbox) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            return  # no broker should let it through, and it is no topic of ours
        if topic == self._topics.status:
            self._duplicate_ids.heard(bytes(message.payload), now_ns())
        inbox.take(message)
