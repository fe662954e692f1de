"""The thread of a stage: may be stopped and started anew, even when it hangs in a library that does not return."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from visaged.guard import guarded
from visaged.problems import Problems

log = logging.getLogger(__name__)


class StageThread:
    """One run after the other. ``start`` and ``stop`` from one thread at a time."""

    def __init__(self, name: str, problems: Problems, hangs: str, stop_s: float) -> None:
        """What ``work`` raises is one of ``problems``, and it is called again.

        ``hangs``: what to say of a thread that is not back ``stop_s`` seconds after it was told to end.
        """
        self.run = threading.Event()
        """Of the newest run; set: it is to end. Each has its own: a thread that was left behind must not come back to
        life with the next, and knows by it that it is of the past."""
        self._name = name
        self._problems = problems
        self._hangs = hangs
        self._stop_s = stop_s
        self._thread: threading.Thread | None = None

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._thread is not None and self._thread.is_alive()

    def start(self, work: Callable[..., None], *arguments: object) -> None:
        """Call ``work(run, *arguments)`` on a new thread; it returns soon after ``run`` is set. Not while alive."""
        run = self.run = threading.Event()
        self._thread = guarded(lambda: work(run, *arguments), self._name, self._problems, run.is_set)
        self._thread.start()

    def stop(self) -> None:
        """Tell it to end and wait; one that hangs is left behind. Nothing happens when it does not run."""
        self.run.set()
        if self._thread is not None:
            self._thread.join(self._stop_s)
            if self._thread.is_alive():
                log.error("%s; its thread is left behind", self._hangs)
            self._thread = None
