"""The loader: one thread that brings capsules from disk to the device, and does what must not be done at a tick."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

from visaged.capsules.cache import DeviceCache
from visaged.capsules.errors import CapsuleError
from visaged.capsules.file.capsule import Capsule, Pcm, Tokens
from visaged.capsules.library.catalogue import Entry
from visaged.capsules.library.library import Library
from visaged.clock import NS_PER_S, now_ns
from visaged.guard import guarded
from visaged.problems import Problems

log = logging.getLogger(__name__)

# A scene names tens of capsules; a thousand waiting ones are a flood.
MAX_WAITING: Final = 512
# How often idle work is done (a look whether the library changed): revoking must take effect at once to a person.
IDLE_S: Final = 0.5


class TokenDecoder(Protocol):
    """Mimi tokens -> voice. The codec room has it; the daemon passes it in."""

    def __call__(self, tokens: Tokens) -> Pcm | None:
        """uint16 [N, codebooks] -> int16 [samples], 24 kHz mono; None when it cannot: the line moves, unheard."""
        ...


class Loader:
    """Loads by content hash. ``load`` and ``submit`` may be called from any thread; the work is done on its own."""

    def __init__(
        self,
        library: Library,
        cache: DeviceCache,
        decoder: TokenDecoder | None,
        idle: Callable[[], None],
        problems: Problems | None = None,
    ) -> None:
        """``idle`` is called on the thread every half second."""
        self._library = library
        self._cache = cache
        self._decoder = decoder
        self._idle = idle
        self._wake = threading.Condition()
        self._urgent: deque[Callable[[], None]] = deque()
        self._later: deque[Callable[[], None]] = deque()
        self._stopping = False
        self._thread = guarded(self._run, "capsule-loader", problems or Problems(), lambda: self._stopping)
        self.failed = 0
        """Capsules that could not be loaded."""
        self.dropped = 0
        """Jobs that came while too many were waiting."""

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread after the job it is at; waiting jobs are dropped."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        if self._thread.is_alive():
            self._thread.join()

    def load(self, entry: Entry, done: Callable[[bool], None], urgent: bool) -> bool:
        """Load ``entry``, then call ``done(whether it is on the device)``; False when too much is waiting."""
        return self.submit(lambda: done(self.load_now(entry)), urgent)

    def submit(self, job: Callable[[], None], urgent: bool = False) -> bool:
        """Do ``job`` on the loader's thread, ahead of prefetching when ``urgent``; False when too much is waiting."""
        with self._wake:
            if len(self._urgent) + len(self._later) >= MAX_WAITING:
                self.dropped += 1
                return False
            (self._urgent if urgent else self._later).append(job)
            self._wake.notify()
            return True

    def load_now(self, entry: Entry) -> bool:
        """Load on this thread; whether it is on the device now. Failures are logged and counted."""
        try:
            return self.load_or_raise(entry)
        except CapsuleError as error:
            self.failed += 1
            log.warning("capsule not loaded: %s", error)
            return False

    def load_or_raise(self, entry: Entry) -> bool:
        """Load on this thread; False when there is no room. Raises CapsuleError when the file is damaged."""
        if entry.sha256 in self._cache:
            return True
        capsule = self._library.read(entry)
        return self._cache.put(entry.sha256, capsule, self._voice(capsule))

    def _voice(self, capsule: Capsule) -> Pcm | None:
        if capsule.pcm is not None or capsule.tokens is None:
            return capsule.pcm
        if self._decoder is None:
            log.warning("%s has only tokens and no codec is installed: it moves but is not heard", capsule.header.cid)
            return None
        return self._decoder(capsule.tokens)

    def _run(self) -> None:
        idle_ns = now_ns()
        while True:
            with self._wake:
                if not self._urgent and not self._later and not self._stopping:
                    self._wake.wait(IDLE_S)
                if self._stopping:
                    return
                job = self._next_job()
            if job is not None:
                job()
            # Also between jobs: a revoked pack must go even while much is loading.
            if now_ns() - idle_ns >= IDLE_S * NS_PER_S:
                self._idle()
                idle_ns = now_ns()

    def _next_job(self) -> Callable[[], None] | None:
        for queue in (self._urgent, self._later):
            if queue:
                return queue.popleft()
        return None
