"""Problems: what is wrong right now, since when, and what a person can do about it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Final

from visaged.printable import printable

log = logging.getLogger(__name__)

# Several refused packages are named in one message.
_MOST: Final = 4000


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong. ``code`` is stable (``audio_input_lost``); ``remedy`` is a sentence for an installer."""

    code: str
    message: str
    remedy: str
    since: datetime
    """UTC."""


class Problems:
    """The open problems by code. Any thread may open and clear; each change is said once, to the log and listeners."""

    def __init__(self) -> None:
        self._open: dict[str, Problem] = {}
        self._over_at: dict[str, float] = {}
        self._lock = threading.Lock()
        self._listeners: list[Callable[[Problem, bool], None]] = []

    def listen(self, listener: Callable[[Problem, bool], None]) -> None:
        """Call ``listener(problem, is_open)`` at every change, on the thread that made it."""
        self._listeners.append(listener)

    def open(self, code: str, message: str, remedy: str) -> None:
        """Say that something is wrong. Again with the same code changes nothing and says nothing."""
        with self._lock:
            self._over_at.pop(code, None)
            if code in self._open:
                return
            # A name that others chose may be in it, and JSON, terminals and the log must all be able to carry it.
            problem = Problem(code, printable(message, _MOST), printable(remedy, _MOST), datetime.now(timezone.utc))
            self._open[code] = problem
        log.warning("%s: %s. %s", code, problem.message, problem.remedy, extra={"problem": code}, stacklevel=2)
        for listener in self._listeners:
            listener(problem, True)

    def clear(self, code: str) -> None:
        """Say that it is right again; nothing happens when it was not wrong."""
        with self._lock:
            self._over_at.pop(code, None)
            problem = self._open.pop(code, None)
        if problem is None:
            return
        lasted_s = (datetime.now(timezone.utc) - problem.since).total_seconds()
        log.info("%s: over after %.1f s", code, lasted_s, extra={"problem": code}, stacklevel=2)
        for listener in self._listeners:
            listener(problem, False)

    def clear_after(self, code: str, seconds: float) -> None:
        """Clear it when ``seconds`` have passed, unless it is opened again before; seen to whenever somebody looks.

        Takes no timer: where a thread failed for want of memory, no other one can be started either.
        """
        with self._lock:
            self._over_at[code] = time.monotonic() + seconds

    def current(self) -> tuple[Problem, ...]:
        """The open problems, oldest first."""
        with self._lock:
            over = [code for code, at in self._over_at.items() if at <= time.monotonic()]
        for code in over:
            self.clear(code)
        with self._lock:
            return tuple(self._open.values())
