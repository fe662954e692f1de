"""What one connection announces: status, health and Home Assistant discovery, when they are due (MQTT thread)."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Final, Literal

from visaged import __version__
from visaged.clock import NS_PER_S, now_ns
from visaged.config import MqttSettings
from visaged.control.mqtt.link_sources import LinkSources
from visaged.control.mqtt.send_queue import OutgoingMessage, SendQueue
from visaged.control.protocol.health_model import BoxStatus, State
from visaged.control.protocol.topics import Topics

# A change of state is told within this; asking for it costs next to nothing.
_LOOK_S: Final = 0.25
# Somebody keeps overwriting our status: put it right, but do not fight at full speed.
_CORRECT_EVERY_NS: Final = 5 * NS_PER_S
# Commands that change what health shows may come sixty times a second.
_SOONEST_NS: Final = NS_PER_S


class Announcer:
    """Puts the box's own retained messages into the send queue; one per connection, under one session id."""

    def __init__(
        self, session: str, topics: Topics, sources: LinkSources, settings: MqttSettings, send_queue: SendQueue
    ) -> None:
        self._session = session
        self._topics = topics
        self._sources = sources
        self._settings = settings
        self._send_queue = send_queue
        self._state: State | None = None
        self._announced: bytes | None = None
        self._discovered = False
        self._health_due_ns = 0
        self._health_told_ns = 0
        self._correct_after_ns = 0
        self._overwritten = False

    def status(self, state: Literal["online", "degraded", "stopped", "offline"]) -> bytes:
        """A status message: ``offline`` is the will of this session, ``since`` then when the session began."""
        now = datetime.now(timezone.utc)
        status = BoxStatus(
            state=state, session=self._session, since=now, version=__version__, groups=self._topics.groups
        )
        return status.model_dump_json().encode()

    def work(self) -> float:
        """Announce what is due; returns in how many s to ask again."""
        state = self._sources.state()
        now = now_ns()
        if state is None:
            return _LOOK_S
        if state != self._state:
            self._state = state
            self._announce(self.status(state))
            self._health_due_ns = now
        self._correct()
        if self._settings.discovery and not self._discovered:
            self.discover()
        if now >= self._health_due_ns:
            self._health_told_ns = now
            self._health_due_ns = now + int(self._settings.health_every_s * NS_PER_S)
            health = self._sources.health().model_dump_json().encode()
            self._send_queue.put(OutgoingMessage("health", self._topics.health, health, retain=True))
        return _LOOK_S

    def hurry(self) -> None:
        """Something that health shows was changed: tell it within a second rather than at the next turn."""
        self._health_due_ns = min(self._health_due_ns, self._health_told_ns + _SOONEST_NS)

    def discover(self) -> None:
        """Announce the box to Home Assistant (again: it has started)."""
        self._discovered = True
        if self._settings.discovery:
            announcement = self._sources.discovery(self._topics)
            self._send_queue.put(OutgoingMessage("discovery", self._topics.discovery, announcement, retain=True))

    def say_stopped(self) -> None:
        """The last word of a clean end; only where there was a first one."""
        if self._announced is not None:
            self._announce(self.status("stopped"))

    def heard_status(self, payload: bytes) -> None:
        """Somebody wrote our status (a will of an earlier session that came late, or a stranger): say it again."""
        self._overwritten = payload != self._announced
        self._correct()

    def _correct(self) -> None:
        if self._announced is None or not self._overwritten or now_ns() < self._correct_after_ns:
            return
        self._correct_after_ns = now_ns() + _CORRECT_EVERY_NS
        self._announce(self._announced)

    def _announce(self, payload: bytes) -> None:
        self._announced = payload
        self._overwritten = False
        self._send_queue.put(OutgoingMessage("status", self._topics.status, payload, retain=True), first=True)
