"""What the MQTT link asks the daemon for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from visaged.control.protocol.health_model import Health, State
from visaged.control.protocol.topics import Topics


@dataclass(frozen=True)
class LinkSources:
    """What the link asks the daemon for, on its own thread; each returns within a millisecond."""

    state: Callable[[], State | None]
    """State of the face; None until the first pose went out: nothing is announced before."""
    health: Callable[[], Health]
    discovery: Callable[[Topics], bytes]
    """The Home Assistant announcement."""
