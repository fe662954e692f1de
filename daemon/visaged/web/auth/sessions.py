"""Sessions of browsers that gave the password, and how often somebody may try it. Event loop only."""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

COOKIE: Final = "visaged_session"
IDLE_S: Final = 12 * 3600.0
LONGEST_S: Final = 7 * 24 * 3600.0
MAX_SESSIONS: Final = 64
FREE_TRIES: Final = 5
"""Wrong passwords from one address before it has to wait."""
_FIRST_WAIT_S: Final = 2.0
_LAST_WAIT_S: Final = 300.0
_MAX_ADDRESSES: Final = 1024
# All addresses together: a botnet gets no further than a thousand guesses an hour.
_FREE_TRIES_ALL: Final = 60
_FORGET_S: Final = 3600.0


@dataclass
class Session:
    """One browser."""

    key: str
    csrf: str
    """What its requests that change something carry in X-CSRF-Token."""
    began_s: float
    used_s: float


class Sessions:
    """By the value of their cookie."""

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._sessions: OrderedDict[str, Session] = OrderedDict()

    def begin(self) -> Session:
        """A new one; the one that was quiet longest gives way."""
        now_s = self._clock_s()
        session = Session(secrets.token_urlsafe(32), secrets.token_urlsafe(24), now_s, now_s)
        self._sessions[session.key] = session
        while len(self._sessions) > MAX_SESSIONS:
            self._sessions.popitem(last=False)
        return session

    def find(self, key: str) -> Session | None:
        """The session, when it holds; it is in use then."""
        session, now_s = self._sessions.get(key), self._clock_s()
        if session is None:
            return None
        if now_s - session.used_s > IDLE_S or now_s - session.began_s > LONGEST_S:
            del self._sessions[key]
            return None
        session.used_s = now_s
        self._sessions.move_to_end(key)
        return session

    def end(self, key: str) -> None:
        """Log out."""
        self._sessions.pop(key, None)

    def end_all(self) -> None:
        """The password has changed."""
        self._sessions.clear()


class Throttle:
    """Wrong passwords: how long an address waits before the next try."""

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        # Address -> failures and when the last was; "" stands for all of them.
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def wait_s(self, address: str) -> float:
        """How long until ``address`` may try; 0: now."""
        return max(self._wait_s(address, FREE_TRIES), self._wait_s("", _FREE_TRIES_ALL))

    def failed(self, address: str) -> None:
        """A wrong one."""
        for key in (address, ""):
            count, _ = self._current(key)
            self._failures[key] = count + 1, self._clock_s()
            self._failures.move_to_end(key)
        while len(self._failures) > _MAX_ADDRESSES:
            self._failures.popitem(last=False)

    def succeeded(self, address: str) -> None:
        """The right one."""
        self._failures.pop(address, None)

    def _current(self, key: str) -> tuple[int, float]:
        count, last_s = self._failures.get(key, (0, 0.0))
        return (0, 0.0) if count and self._clock_s() - last_s > _FORGET_S else (count, last_s)

    def _wait_s(self, key: str, free: int) -> float:
        count, last_s = self._current(key)
        if count < free:
            return 0.0
        pause_s = min(_FIRST_WAIT_S * (1 << min(count - free, 16)), _LAST_WAIT_S)
        return max(last_s + pause_s - self._clock_s(), 0.0)
