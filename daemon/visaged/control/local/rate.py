"""How many commands one origin may send: a count per second, so that a flood is answered and goes no further."""

from __future__ import annotations

from typing import Final

from visaged.clock import NS_PER_S

# Two commands a frame at 60 fps: more than any controller that drives the face needs.
RATE_PER_S: Final = 120
# Origins are "mqtt" and the few clients of the local socket; old ones are forgotten beyond this.
_MAX_ORIGINS: Final = 64


class RateLimit:
    """Counts requests per origin and second (control thread)."""

    def __init__(self, per_s: int = RATE_PER_S) -> None:
        self.per_s = per_s
        self._seconds: dict[str, tuple[int, int]] = {}

    def allows(self, origin: str, now_ns: int) -> bool:
        """Count one request; whether it is within the rate."""
        second = now_ns // NS_PER_S
        counted, count = self._seconds.pop(origin, (second, 0))
        count = count + 1 if counted == second else 1
        self._seconds[origin] = (second, count)
        if len(self._seconds) > _MAX_ORIGINS:
            del self._seconds[next(iter(self._seconds))]
        return count <= self.per_s
