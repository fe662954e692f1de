"""MQTT as the settings want it: on, off, another broker; and the codec's messages over it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from visaged.config import Settings
from visaged.control.dispatcher import Dispatcher
from visaged.control.health import HealthBuilder
from visaged.control.mqtt.link_sources import LinkSources
from visaged.control.protocol.events import Events
from visaged.metrics import Metrics
from visaged.problems import Problems

if TYPE_CHECKING:
    from visaged.control.mqtt.link import MqttLink


class MqttControl:
    """Has a link while ``mqtt.enabled``. A ``conversation.brains.mqtt_link.Broker``."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        events: Events,
        health: HealthBuilder,
        metrics: Metrics,
        problems: Problems,
        *,
        realtime_priority: int,
    ) -> None:
        self._dispatcher = dispatcher
        self._events = events
        self._health = health
        self._metrics = metrics
        self._problems = problems
        self._priority = realtime_priority
        self._link: MqttLink | None = None
        self._codec_down: Callable[[bytes], None] | None = None
        health.add("mqtt", lambda: {} if self._link is None else self._link.figures().model_dump())

    def use(self, settings: Settings) -> None:
        """This broker from now on, or none."""
        if self._link is not None and settings.mqtt.enabled:
            self._link.reconfigure(settings.mqtt, settings.device.groups)
        elif settings.mqtt.enabled:
            self._start(settings)
        else:
            self.stop()

    def stop(self) -> None:
        """Say goodbye to the broker."""
        link, self._link = self._link, None
        if link is not None:
            self._events.forget(link.tell)
            link.stop()

    def reached(self) -> bool:
        """Whether the broker has accepted us with the settings in force."""
        return self._link is not None and self._link.reached_ns is not None

    def send_codec(self, message: bytes) -> bool:
        """Publish a codec message now or never (any thread)."""
        link = self._link
        return link is not None and link.send_codec(message)

    def take_codec(self, take: Callable[[bytes], None] | None) -> None:
        """Give the codec messages that come in to ``take``; None: to nobody."""
        self._codec_down = take
        if self._link is not None:
            self._link.take_codec(take)

    def _start(self, settings: Settings) -> None:
        # paho and TLS are a tenth of a second of imports that a box without a broker need not wait for.
        from visaged.control.mqtt.discovery import announcement  # noqa: PLC0415
        from visaged.control.mqtt.link import MqttLink  # noqa: PLC0415

        self._link = MqttLink(
            settings.mqtt,
            device_id=settings.device.id,
            groups=settings.device.groups,
            dispatcher=self._dispatcher,
            sources=LinkSources(
                state=self._health.state,
                health=self._health.build,
                discovery=lambda topics: announcement(topics, settings.device.id),
            ),
            metrics=self._metrics,
            problems=self._problems,
            realtime_priority=self._priority,
        )
        self._link.take_codec(self._codec_down)
        self._events.listen(self._link.tell)
        self._link.start()
