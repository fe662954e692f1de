"""A fake box linked to a real broker."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from tests.control.broker import Broker
from tests.control.fakes import Desk
from visaged.config import MqttSettings
from visaged.control.mqtt.link import MqttLink
from visaged.control.mqtt.link_sources import LinkSources
from visaged.control.protocol.health_model import Health, State
from visaged.control.protocol.topics import Topics
from visaged.metrics import Metrics
from visaged.problems import Problems


@dataclass
class Linked:
    """The link, what it was made with, and the state that its box is in."""

    link: MqttLink
    desk: Desk
    problems: Problems
    settings: MqttSettings
    state: State | None = "online"
    health_built: int = 0
    health_fields: dict[str, Any] = field(default_factory=dict)
    """Laid over the health that the box tells."""

    def open_codes(self) -> set[str]:
        """Codes of the problems that are open."""
        return {problem.code for problem in self.problems.current()}


def settings_for(broker: Broker, **fields: Any) -> MqttSettings:
    """Settings of a box on ``broker``."""
    return MqttSettings.model_validate({"enabled": True, "host": "127.0.0.1", "port": broker.port} | fields)


def link_to(desk: Desk, broker: Broker, device_id: str = "box-01", group: str = "lobby", **fields: Any) -> Linked:
    """A box on ``broker``; not started."""
    settings, problems = settings_for(broker, **fields), Problems()
    linked: Linked

    def health() -> Health:
        linked.health_built += 1
        now = datetime.now(timezone.utc)
        known = {"state": linked.state or "online", "time": now, "uptime_s": 1.0, "version": "0.1.0"}
        return Health.model_validate(known | linked.health_fields)

    def discovery(topics: Topics) -> bytes:
        return json.dumps({"state_topic": topics.status}).encode()

    sources = LinkSources(state=lambda: linked.state, health=health, discovery=discovery)
    link = MqttLink(
        settings,
        device_id=device_id,
        groups=[group],
        dispatcher=desk.dispatcher,
        sources=sources,
        metrics=Metrics(),
        problems=problems,
    )
    linked = Linked(link, desk, problems, settings)
    return linked
