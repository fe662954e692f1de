"""Finds out that another box uses this box's id: its birth messages come in on our own status topic.

One foreign session is normal (this box before its last restart); two within a minute are somebody who is alive.
"""

from __future__ import annotations

from typing import Any, Final

from visaged.clock import NS_PER_S
from visaged.control.protocol.parse import parse_object

_WITHIN_NS: Final = 60 * NS_PER_S
_ENOUGH: Final = 2
# Sessions of our own that may still echo: one per connection, and few connections fit a minute.
_OWN_KEPT: Final = 64


class DuplicateIds:
    """Sessions seen on our status topic that are not ours (MQTT thread)."""

    def __init__(self) -> None:
        self._own: list[str] = []
        self._seen: dict[str, int] = {}

    def own(self, session: str) -> None:
        """This session is ours."""
        self._own = [*self._own[-_OWN_KEPT:], session]

    def heard(self, payload: bytes, now_ns: int) -> bool:
        """Take in a status message; whether another box lives under this id."""
        status: dict[str, Any] = parse_object(payload)
        session = status.get("session")
        if status.get("state") in ("online", "degraded") and isinstance(session, str) and session not in self._own:
            self._seen[session[:64]] = now_ns
        self._seen = {session: seen for session, seen in self._seen.items() if now_ns - seen < _WITHIN_NS}
        return len(self._seen) >= _ENOUGH
