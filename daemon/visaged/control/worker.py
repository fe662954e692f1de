"""The worker: carries out the commands that take long, one after the other; one that does not return is left behind."""

from __future__ import annotations

import logging
import queue
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from visaged.guard import guarded
from visaged.problems import Problems

log = logging.getLogger(__name__)

PROBLEM: Final = "command_stuck"
NAME: Final = "control-worker"
# Commands waiting for the one that runs.
MAX_WAITING: Final = 4
MAX_STUCK: Final = 3
"""Threads that are left behind, at most: then those that wait do wait."""
# How long a clean stop waits for the command that runs.
_STOP_S: Final = 2.0
_REMEDY: Final = "If it does not end: systemctl restart visaged. Report it with the log: journalctl -u visaged"


@dataclass(frozen=True)
class SlowJob:
    """One command to carry out."""

    name: str
    run: Callable[[], None]
    patience_s: float
    """It is stuck when it has not returned by then."""


class CommandWorker:
    """``offer`` from one thread; jobs run on a thread of their own, and on another one while that is stuck."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        # Bounded by ``offer``: the end must find a place in it.
        self._jobs: queue.SimpleQueue[SlowJob | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stuck: dict[threading.Thread, str] = {}

    def start(self) -> None:
        """Begin."""
        with self._lock:
            self._begin()

    def stop(self) -> None:
        """Carry out what waits, then stop; the command that runs is given two seconds."""
        self._jobs.put(None)
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join(_STOP_S)

    def offer(self, job: SlowJob) -> bool:
        """Whether there is room for it."""
        if self._jobs.qsize() >= MAX_WAITING:
            return False
        self._jobs.put(job)
        return True

    def _begin(self) -> None:
        self._thread = guarded(self._run, NAME, self._problems)
        self._thread.start()

    def _run(self) -> None:
        me = threading.current_thread()
        while self._thread is me and (job := self._jobs.get()) is not None:
            late = threading.Timer(job.patience_s, self._replace, (me, job))
            late.daemon = True
            # Where no thread can be started, for want of memory, the command is carried out all the same.
            with suppress(RuntimeError):
                late.start()
            try:
                job.run()
            finally:
                late.cancel()
                self._returned(me, job)

    def _replace(self, thread: threading.Thread, job: SlowJob) -> None:
        """``thread`` does not come back from ``job``: another one takes over (timer's thread)."""
        frame = sys._current_frames().get(thread.ident or 0)
        where = "".join(traceback.format_stack(frame)) if frame is not None else ""
        log.error("%s has not returned within %.0f s:\n%s", job.name, job.patience_s, where)
        with self._lock:
            if self._thread is not thread:
                return
            self._stuck[thread] = job.name
            self._tell()
            if len(self._stuck) <= MAX_STUCK:
                self._begin()

    def _returned(self, thread: threading.Thread, job: SlowJob) -> None:
        with self._lock:
            if self._stuck.pop(thread, None) is not None:
                log.warning("%s has returned after all", job.name)
                self._tell()

    def _tell(self) -> None:
        self._problems.clear(PROBLEM)
        if self._stuck:
            names = ", ".join(self._stuck.values())
            words = "others are carried out meanwhile" if len(self._stuck) <= MAX_STUCK else "others wait for it"
            self._problems.open(PROBLEM, f"{names} does not return; {words}", _REMEDY)
