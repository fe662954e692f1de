"""ping and health.get."""

from __future__ import annotations

from datetime import datetime, timezone

from visaged import __version__
from visaged.control.health import HealthBuilder
from visaged.control.protocol.commands import device
from visaged.control.protocol.health_model import Health
from visaged.control.registry import Registry


class StatusCommands:
    """Control thread."""

    def __init__(self, health: HealthBuilder) -> None:
        self._health = health

    def serve(self, registry: Registry) -> None:
        """Register them."""
        registry.serve(device.PING, self.ping)
        registry.serve(device.HEALTH_GET, self.health_get)

    def ping(self, request: device.Ping) -> device.Pong:
        """Here, since, with this clock."""
        return device.Pong(version=__version__, uptime_s=self._health.uptime_s, time=datetime.now(timezone.utc))

    def health_get(self, request: device.HealthGet) -> Health:
        """What the health topic would say now."""
        return self._health.build()
