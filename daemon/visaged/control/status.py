"""The handlers of ping and health.get."""

from __future__ import annotations

from datetime import datetime, timezone

from visaged import __version__
from visaged.control.health import HealthBuilder
from visaged.control.protocol.commands.device import HealthGet, Ping, Pong
from visaged.control.protocol.health_model import Health


class Status:
    """Answers for a HealthBuilder (handlers.StatusHandlers)."""

    def __init__(self, health: HealthBuilder) -> None:
        self._health = health

    def ping(self, request: Ping) -> Pong:
        """Here, since, with this clock."""
        return Pong(version=__version__, uptime_s=self._health.uptime_s, time=datetime.now(timezone.utc))

    def health_get(self, request: HealthGet) -> Health:
        """What the health topic would say now."""
        return self._health.build()
