"""Finds out that somebody else uses this box's id: statuses of other sessions come in on our own status topic.

One foreign session is normal (this box before its last restart); two within a minute are somebody who is alive. Anybody
whom the broker lets write there can make them up, so they are counted and said, and nothing else: the connection stays.
Where a box of the same id really connects, the broker itself ends one of the two connections.
"""

from __future__ import annotations

from typing import Final

from visaged.clock import NS_PER_S
from visaged.control.protocol.parse import parse_object

_WITHIN_NS: Final = 60 * NS_PER_S
_ENOUGH: Final = 2
# A status with 32 groups of 64 characters is half as long.
_MAX_BYTES: Final = 4096
# Foreign sessions that are told apart; two would do.
_SEEN_KEPT: Final = 8
# Sessions of our own that may still echo: one per connection, and few connections fit a minute.
_OWN_KEPT: Final = 64


class DuplicateIds:
    """Statuses on our topic that are not ours (MQTT thread)."""

    def __init__(self) -> None:
        self._own: list[str] = []
        self._seen: dict[str, int] = {}
        self.count = 0
        """Foreign signs of life so far."""

    def own(self, session: str) -> None:
        """This session is ours."""
        self._own = [*self._own[-_OWN_KEPT:], session]

    def heard(self, payload: bytes, now_ns: int) -> None:
        """Take in a message on our status topic."""
        status = parse_object(payload) if len(payload) <= _MAX_BYTES else {}
        session = status.get("session")
        if status.get("state") not in ("online", "degraded") or not isinstance(session, str) or session in self._own:
            return
        self.count += 1
        self._seen.pop(session[:64], None)
        self._seen[session[:64]] = now_ns
        if len(self._seen) > _SEEN_KEPT:
            del self._seen[next(iter(self._seen))]

    def suspected(self, now_ns: int) -> bool:
        """Whether somebody else lives under this id now."""
        return sum(now_ns - seen_ns < _WITHIN_NS for seen_ns in self._seen.values()) >= _ENOUGH
