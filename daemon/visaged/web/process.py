"""WebProcess: the daemon's side of the web process. Starts it, keeps it alive, hands it settings and the live face.

The face needs none of it: it starts after the first packet, stands back behind everything that moves the face, and
whatever ends it is a problem in health, not an end.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import select
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import visaged
from visaged.clock import NS_PER_S, now_ns
from visaged.config import Settings
from visaged.guard import guarded
from visaged.metrics import Metrics
from visaged.problems import Problems
from visaged.web.channel import Channel

log = logging.getLogger(__name__)

PROBLEM: Final = "web_process"
_REMEDY: Final = "The face goes on. If this goes on, report it with the log; web.enabled = false goes without"
_LOOK_S: Final = 0.5
# It says that it is alive every two seconds; on a busy box it stands back behind everything else.
_SILENT_NS: Final = 60 * NS_PER_S
_HEALTHY_NS: Final = 20 * NS_PER_S
_RESPAWN_FIRST_S: Final = 1.0
_RESPAWN_LAST_S: Final = 60.0
_STOP_S: Final = 2.0
_WORDS_BYTES: Final = 4096

_MAIN: Final = "import sys; sys.path.insert(0, {root!r}); from visaged.web.main import main; main()"
_LEVELS: Final = {"warning": logging.WARNING, "error": logging.ERROR, "critical": logging.ERROR}


class WebProcess:
    """``start`` once, ``use`` at every change of settings, ``stop``."""

    def __init__(
        self,
        settings: Settings,
        model_roots: Sequence[Path],
        problems: Problems,
        metrics: Metrics,
        *,
        board_fd: Callable[[], int],
        ready: Callable[[], bool],
    ) -> None:
        """``board_fd``: of the pose board now; ``ready``: the first packet has left, and it may start."""
        self._settings = settings
        self._roots = [str(root) for root in model_roots]
        self._board_fd = board_fd
        self._problems = problems
        self._restarts = metrics.counter("web.restarts")
        self._ready = ready
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: Channel | None = None
        self._again = False
        self._opened: set[str] = set()
        self._thread = guarded(self._supervise, "web", problems, self._stopping.is_set)
        self.address: str | None = None
        """Where it listens; None: nowhere (yet)."""
        self.figures: dict[str, Any] = {}
        """What it says of itself."""

    @property
    def pid(self) -> int | None:
        """Its process, None when there is none."""
        process = self._process
        return None if process is None else process.pid

    def health(self) -> dict[str, Any]:
        """Health's section ``web``."""
        figures = self.figures if self.address else {}
        return {"address": self.address, "restarts": self._restarts.value, **figures}

    def start(self) -> None:
        """Start it as soon as the face moves; returns at once."""
        self._thread.start()

    def use(self, settings: Settings) -> None:
        """Go on with ``settings`` and the board that there is now; another [web] section starts it anew."""
        with self._lock:
            again, self._settings = self._settings.web != settings.web, settings
            self._again = self._again or again
            if self._channel is not None and not again:
                self._tell(self._channel)
        self._wake.set()

    def stop(self) -> None:
        """End it. Within some seconds."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(2 * _STOP_S)

    def _supervise(self) -> None:
        while not self._stopping.is_set() and not self._ready():
            self._stopping.wait(_LOOK_S)
        delay_s = 0.0
        while not self._stopping.is_set():
            self._wake.clear()
            if not self._settings.web.enabled:
                self._forget()
                self._wake.wait()
                continue
            began_ns = now_ns()
            words = self._run()
            if words is None:
                delay_s = 0.0
                continue
            lived_ns = now_ns() - began_ns
            delay_s = min(max(2 * delay_s, _RESPAWN_FIRST_S), _RESPAWN_LAST_S)
            delay_s = _RESPAWN_FIRST_S if lived_ns > _HEALTHY_NS else delay_s
            self._problems.open(PROBLEM, f"the web process ended ({words}) and is started again", _REMEDY)
            self._restarts.add()
            self._wake.wait(delay_s)

    def _run(self) -> str | None:
        """One run, from start to end: how it ended; None when that was wanted."""
        channel, theirs = Channel.pair()
        words = os.memfd_create("visaged-web-stderr")
        try:
            try:
                self._process = process = self._spawn(theirs.fileno(), words)
            except OSError as error:
                return f"it could not be started: {error}"
            finally:
                theirs.close()
            with self._lock:
                self._again = False
                self._channel = channel
                self._tell(channel)
            wanted = self._watch(process, channel)
            with self._lock:
                self._channel = None
            channel.close()
            code = _end(process)
            return None if wanted else _last_words(words) or f"exit status {code}"
        finally:
            self._process = self.address = None
            self._channel = None
            os.close(words)
            with contextlib.suppress(OSError):
                channel.close()

    def _spawn(self, channel: int, words: int) -> subprocess.Popen[bytes]:
        main = _MAIN.format(root=str(Path(visaged.__file__).parents[1]))
        # Nothing phones home: FastAPI would export traces where these name a receiver.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
        environment["ORT_DISABLE_TELEMETRY"] = "1"
        return subprocess.Popen(
            (sys.executable, "-I", "-c", main, str(channel), str(os.getpid())),
            pass_fds=(channel,),
            stdin=subprocess.DEVNULL,
            stdout=words,
            stderr=words,
            env=environment,
        )

    def _tell(self, channel: Channel) -> None:
        """Hand over the settings and the board."""
        try:
            # Opened anew, so that the other side cannot write into what the sender reads.
            board = os.open(f"/proc/self/fd/{self._board_fd()}", os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            log.warning("the web process does not see the face: %s", error)
            descriptors: tuple[int, ...] = ()
        else:
            descriptors = (board,)
        settings = json.loads(self._settings.model_dump_json())
        channel.send(descriptors, settings=settings, roots=self._roots)
        for descriptor in descriptors:
            os.close(descriptor)

    def _watch(self, process: subprocess.Popen[bytes], channel: Channel) -> bool:
        """Look after it until it ends; whether that was wanted."""
        poll = select.poll()
        poll.register(channel, select.POLLIN)
        heard_ns = started_ns = now_ns()
        while True:
            if self._stopping.is_set() or self._again or not self._settings.web.enabled:
                return True
            time_ns = now_ns()
            if poll.poll(1000 * _LOOK_S):
                try:
                    received = channel.receive()
                except BlockingIOError:
                    continue
                if received is None:
                    return False
                message, descriptors = received
                for descriptor in descriptors:
                    os.close(descriptor)
                heard_ns = time_ns
                self._hear(message)
            elif process.poll() is not None:
                return False
            if time_ns - heard_ns > _SILENT_NS:
                log.error("the web process gives no sign of life and is killed")
                process.kill()
                return False
            if time_ns - started_ns > _HEALTHY_NS:
                self._problems.clear(PROBLEM)

    def _hear(self, message: dict[str, Any]) -> None:
        match message:
            case {"alive": dict(figures)}:
                self.figures = figures
            case {"address": str(address)}:
                if address != self.address:
                    log.info("page and HTTP API: %s", address)
                self.address = address
            case {"open": [str(code), str(text), str(remedy)]}:
                self._opened.add(code)
                self._problems.open(code, text, remedy)
            case {"clear": str(code)}:
                self._opened.discard(code)
                self._problems.clear(code)
            case {"log": [str(level), str(text)]}:
                log.log(_LEVELS.get(level, logging.INFO), "%s", text)

    def _forget(self) -> None:
        """It is not wanted: what was wrong with it is over."""
        for code in (PROBLEM, *self._opened):
            self._problems.clear(code)
        self._opened.clear()


def _end(process: subprocess.Popen[bytes]) -> int:
    """Its exit status; it ends by itself when the channel is closed."""
    try:
        return process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def _last_words(words: int) -> str:
    written = os.pread(words, _WORDS_BYTES, max(os.fstat(words).st_size - _WORDS_BYTES, 0))
    return written.decode(errors="replace").strip().rpartition("\n")[2]
