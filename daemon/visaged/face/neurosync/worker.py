"""The daemon's side of NeuroSync's process: starts it, hands it windows, starts it again when it dies."""

from __future__ import annotations

import logging
import os
import select
import socket
import subprocess
import sys
import threading
import weakref
from collections import deque
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import visaged
from visaged.clock import NS_PER_S, now_ns
from visaged.face.neurosync.link import (
    MESSAGE_BYTES,
    WINDOW_AT,
    OpenRequest,
    Running,
    create_memory,
    decode_answer,
    decode_opening,
    encode_request,
    map_job,
)
from visaged.face.neurosync.window import Job
from visaged.inference.errors import PackageError, SessionError
from visaged.metrics import Metrics
from visaged.problems import Problems
from visaged.realtime import go_realtime

log = logging.getLogger(__name__)

PROBLEM: Final = "neurosync_process"

# No window takes that long on any box that could use its answer.
STUCK_S: Final = 5.0
# Large weights are verified and read from a slow disk, and thread counts are tried, before the process says anything.
_OPENING_S: Final = 300.0
# The files were read a moment ago, and the thread count is known.
_OPENING_AGAIN_S: Final = 60.0
# So many ends in so short a time are no accident: then another solver does better.
_ENDS: Final = 3
_ENDS_WITHIN_NS: Final = 60 * NS_PER_S
# One that has lived so long since the last start is well again.
_WELL_NS: Final = 30 * NS_PER_S
_CHECK_S: Final = 0.5
_REMEDY: Final = "If this goes on, look for the reason in the log and in the kernel's (memory?)"
_WORDS_BYTES: Final = 4096
# A killed process goes at once, unless it hangs in a driver.
_GONE_S: Final = 2.0

_MAIN: Final = "import sys; sys.path.insert(0, {root!r}); from visaged.face.neurosync.process import main; main()"


class _Ended(SessionError):
    """The process ended before it had opened its model."""


class _Process:
    """One run of the process. What it shares is let go of with the last reference, as the solver may be using it."""

    def __init__(self, request: OpenRequest) -> None:
        """Start it. On a thread that outlives it: the kernel ends it with the thread. Raises OSError."""
        self.started_ns = now_ns()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        memory = create_memory()
        self.job = map_job(memory)
        self.link = self._owned(ours.detach())
        self._words = self._owned(os.memfd_create("visaged-neurosync-stderr"))
        command = (sys.executable, "-I", "-c", _MAIN.format(root=str(Path(visaged.__file__).parents[1])))
        arguments = (str(theirs.fileno()), str(memory), str(os.getpid()), encode_request(request))
        try:
            self.popen = subprocess.Popen(
                (*command, *arguments),
                pass_fds=(theirs.fileno(), memory),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._words,
            )
        finally:
            theirs.close()
            os.close(memory)

    def opening(self, wait_s: float) -> Running:
        """Wait until it has opened its model. Raises PackageError, SessionError."""
        if not self.speaks(wait_s):
            raise _Ended(f"it had not opened its model after {wait_s:g} s and was killed: {self.end()}")
        message = self.receive()
        if not message:
            raise _Ended(f"while it opened its model: {self.end()}")
        return decode_opening(message)

    def send(self, message: bytes) -> bool:
        """Whether it could be sent."""
        try:
            os.write(self.link, message)
        except OSError:
            return False
        return True

    def receive(self) -> bytes:
        """A message that is there; nothing: it has ended."""
        try:
            return os.read(self.link, MESSAGE_BYTES)
        except OSError:
            return b""

    def speaks(self, wait_s: float = 0.0) -> bool:
        """Whether ``receive`` has something to say within ``wait_s``."""
        return self._poll(select.POLLIN, wait_s)

    def gone(self, wait_s: float) -> bool:
        """Whether it ends within ``wait_s``."""
        return self._poll(0, wait_s)

    def end(self) -> str:
        """Kill it if it still runs; its last words, or how it ended. Raises SessionError."""
        self.popen.kill()
        try:
            code = self.popen.wait(_GONE_S)
        except subprocess.TimeoutExpired:
            raise SessionError("the NeuroSync process hangs in a driver and cannot be killed") from None
        written = os.pread(self._words, _WORDS_BYTES, max(os.fstat(self._words).st_size - _WORDS_BYTES, 0))
        words = written.decode(errors="replace").strip().rpartition("\n")[2]
        return words or (f"signal {-code}" if code < 0 else f"exit status {code}")

    def _poll(self, events: int, wait_s: float) -> bool:
        poll = select.poll()
        poll.register(self.link, events)
        return bool(poll.poll(1000 * wait_s))

    def _owned(self, descriptor: int) -> int:
        weakref.finalize(self, os.close, descriptor)
        return descriptor


@dataclass(frozen=True)
class _Taken:
    """The job that is being solved, and by which run of the process."""

    job: Job
    process: _Process
    since_ns: int


class Worker:
    """A ``Solves`` (neurosync_window.py) whose process may die now and then. ``close`` and ``join``: any thread."""

    def __init__(self, request: OpenRequest, problems: Problems, metrics: Metrics, realtime_priority: int = 0) -> None:
        """Returns when the model is open. ``realtime_priority``: of the thread that looks after the process, 0: none.

        Raises PackageError, SessionError.
        """
        self._request = request
        self._priority = realtime_priority
        self._problems = problems
        self._restarts = metrics.counter("neurosync.restarts")
        # The run that there is, and the same once it takes windows.
        self._started: _Process | None = None
        self._process: _Process | None = None
        self._taken: _Taken | None = None
        self._failure: Exception | None = None
        self._ends: deque[int] = deque(maxlen=_ENDS)
        self._lock = threading.Lock()
        self._closing = False
        self._opened = threading.Event()
        self.running: Running
        """What it runs."""
        self._supervisor = threading.Thread(target=self._supervise, name="neurosync", daemon=True)
        self._supervisor.start()
        self._opened.wait()
        if self._failure is not None:
            raise self._failure

    @property
    def failure(self) -> str | None:
        """See ``Solves``."""
        return None if self._failure is None else str(self._failure)

    @property
    def pid(self) -> int | None:
        """The process; None while there is none."""
        process = self._started
        return None if process is None else process.popen.pid

    def offer(self, job: Job) -> bool:
        """See ``Solves``. Copies 128 KiB, about 20 us."""
        process = self._process
        if process is None or (self._taken is not None and not self.answered(self._taken.job)):
            return False
        process.job.features[:] = job.features
        job.error, job.lost = None, False
        taken = _Taken(job, process, now_ns())
        if not process.send(WINDOW_AT.pack(taken.since_ns)):
            return False  # it has just died, and the supervisor sees to it
        self._taken = taken
        return True

    def answered(self, job: Job, wait_s: float = 0.0) -> bool:
        """See ``Solves``."""
        taken = self._taken
        if taken is None or taken.job is not job:
            return True
        if not taken.process.speaks(wait_s):
            return False
        message = taken.process.receive()
        job.lost = not message
        if message:
            job.took_ms, job.error = decode_answer(message)
            job.curves[:] = taken.process.job.curves
        self._taken = None
        return True

    def close(self) -> None:
        """End the process; it holds nothing that is worth keeping."""
        with self._lock:
            self._closing = True
            if self._started is not None:
                self._started.popen.kill()

    def join(self) -> None:
        """Wait until it is gone."""
        self._supervisor.join(2 * _GONE_S)

    def _supervise(self) -> None:
        # As the main thread: whoever takes the interpreter lock again and again must get to run (realtime.py).
        go_realtime(self._priority)
        try:
            while self._run():
                pass
        except (PackageError, SessionError) as error:
            self._failure = error
        finally:
            self._process = self._started = None
            self._problems.clear(PROBLEM)
            self._opened.set()

    def _run(self) -> bool:
        """One run, from start to end; whether there is to be another. Raises PackageError, SessionError."""
        process = self._start()
        try:
            self.running = process.opening(_OPENING_AGAIN_S if self._opened.is_set() else _OPENING_S)
            # Thread counts are tried once.
            self._request = replace(self._request, threads=self.running.threads)
            self._process = process
            self._opened.set()
            words = self._watch(process)
        except _Ended as ended:
            words = str(ended)
        self._process = None
        if self._closing:
            return False
        message = f"the NeuroSync process ended ({words})"
        if not self._opened.is_set():
            raise SessionError(message)
        self._ends.append(now_ns())
        if len(self._ends) == _ENDS and self._ends[-1] - self._ends[0] < _ENDS_WITHIN_NS:
            raise SessionError(f"{message}, for the {_ENDS}rd time within {_ENDS_WITHIN_NS / NS_PER_S:g} s")
        self._problems.open(PROBLEM, f"{message} and is started again", _REMEDY)
        self._restarts.add()
        return True

    def _start(self) -> _Process:
        with self._lock:
            if self._closing:
                raise SessionError("closed")
            try:
                self._started = _Process(self._request)
            except OSError as error:
                raise SessionError(f"the NeuroSync process cannot be started: {error}") from error
            return self._started

    def _watch(self, process: _Process) -> str:
        """Look after it until it ends; returns why. Raises SessionError."""
        while not process.gone(_CHECK_S):
            taken, time_ns = self._taken, now_ns()
            waits = taken is not None and taken.process is process and time_ns - taken.since_ns > STUCK_S * NS_PER_S
            # An answer that nobody has fetched is one.
            if waits and not process.speaks():
                return f"it did not answer for {STUCK_S:g} s and was killed: {process.end()}"
            if time_ns - process.started_ns > _WELL_NS:
                self._problems.clear(PROBLEM)
        return process.end()
