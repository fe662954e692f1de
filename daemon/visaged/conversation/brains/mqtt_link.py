"""The codec link over the daemon's own broker."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Broker(Protocol):
    """The connection to the broker, with whatever broker it is at the moment; ``app.mqtt.MqttControl`` is one."""

    def send_codec(self, message: bytes) -> bool:
        """Publish now or never (any thread)."""
        ...

    def take_codec(self, take: Callable[[bytes], None] | None) -> None:
        """Give what comes in to ``take``; None: to nobody."""
        ...


class MqttCodecLink:
    """A ``codec.link.Link``. What is wrong with the broker is said by the connection itself."""

    name = "mqtt"

    def __init__(self, broker: Broker, take: Callable[[bytes], None]) -> None:
        self._broker = broker
        self._take = take

    def start(self) -> None:
        """Subscribe."""
        self._broker.take_codec(self._take)

    def stop(self) -> None:
        """Nothing comes in any more."""
        self._broker.take_codec(None)

    def send(self, message: bytes) -> bool:
        """Send now or never."""
        return self._broker.send_codec(message)
