"""What leaves the animator's thread: cues as OSC messages at their time, voices, notices, leases. A thread of its own.

OSC 1.0: address ``/visaged/cue``, arguments ``cid`` (string), ``weight`` (float), ``duration_ms`` (int), and for
a voice effect name and value of each of its parameters. Sent by UDP, so nobody has to listen.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import queue
import socket
from collections.abc import Callable
from typing import Final, Protocol

from pythonosc.osc_message_builder import OscMessageBuilder

from visaged.capsules.clip import Clip
from visaged.capsules.file.capsule import Pcm
from visaged.clock import NS_PER_S, now_ns, sleep_until
from visaged.config.hosts import addresses
from visaged.guard import guarded
from visaged.problems import Problems

log = logging.getLogger(__name__)

OSC_ADDRESS: Final = "/visaged/cue"
# Host names are looked up again at most this often when that failed: a look-up may take seconds.
_RETRY_NS: Final = 10 * NS_PER_S
# Below this the thread sleeps by the clock rather than on the queue, for the right millisecond.
_CLOSE_NS: Final = 2_000_000


class VoiceSink(Protocol):
    """Plays the voice of a line. The daemon connects it to audio/playback."""

    def play(self, pcm: Pcm, start_time_ns: int) -> None:
        """Let ``pcm`` (int16, 24 kHz mono) be heard from ``start_time_ns`` (CLOCK_MONOTONIC) on.

        It takes over from what is heard then. ``pcm`` must be copied: its memory is used again.
        """
        ...

    def stop(self, start_time_ns: int, fade_ms: int) -> None:
        """Fade out, or forget, what was given with ``start_time_ns``."""
        ...


Notice = dict[str, object]
"""``{"kind": "capsule_start" | "capsule_end" | "capsule_miss", "cid": …, "ticket": …}``."""


class SideEffects:
    """Delivers, in the order of time. ``post`` never waits and may be called from the animator's thread."""

    def __init__(
        self,
        target: str,
        release: Callable[[Clip], None],
        voice: VoiceSink | None = None,
        listener: Callable[[Notice], None] | None = None,
        problems: Problems | None = None,
    ) -> None:
        """``target``: HOST:PORT of the OSC receiver, '' for none. ``release`` takes leases back."""
        self._target = target
        self._release = release
        self._voice = voice
        self._listener = listener
        self._queue: queue.SimpleQueue[tuple[int, Callable[[], object]] | None] = queue.SimpleQueue()
        self._waiting: list[tuple[int, int, Callable[[], object]]] = []
        self._order = itertools.count()
        self._socket: socket.socket | None = None
        self._retry_ns = 0
        self._thread = guarded(self._run, "capsule-effects", problems or Problems())
        self.sent = 0
        self.failed = 0
        """Cues that could not be sent (no such host, no route)."""

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Deliver what is due and end the thread; cues still in the future are dropped."""
        self._queue.put(None)
        if self._thread.is_alive():
            self._thread.join()
        if self._socket is not None:
            self._socket.close()

    def cue(self, clip: Clip, weight: float, time_ns: int) -> None:
        """Send the cue at ``time_ns``."""
        self._queue.put((time_ns, lambda: self._send(clip, weight)))

    def speak(self, clip: Clip, start_time_ns: int) -> None:
        """Hand the voice of ``clip`` to the sink now; the clip must stay leased until ``release`` is posted."""
        pcm = clip.pcm
        if self._voice is not None and pcm is not None:
            voice = self._voice
            self._queue.put((0, lambda: voice.play(pcm, start_time_ns)))

    def hush(self, start_time_ns: int, fade_ms: int) -> None:
        """Let the voice that starts or started at ``start_time_ns`` stop."""
        if self._voice is not None:
            voice = self._voice
            self._queue.put((0, lambda: voice.stop(start_time_ns, fade_ms)))

    def release(self, clip: Clip) -> None:
        """Give back a lease."""
        if clip.key:
            self._queue.put((0, lambda: self._release(clip)))

    def do(self, job: Callable[[], object]) -> None:
        """Do ``job`` on the side effects's thread."""
        self._queue.put((0, job))

    def notify(self, notice: Notice) -> None:
        """Tell the listener."""
        if self._listener is not None:
            listener = self._listener
            self._queue.put((0, lambda: listener(notice)))

    def _run(self) -> None:
        while True:
            timeout_s = None
            if self._waiting:
                left_ns = self._waiting[0][0] - now_ns()
                if left_ns <= _CLOSE_NS:
                    sleep_until(self._waiting[0][0])
                    heapq.heappop(self._waiting)[2]()
                    continue
                timeout_s = (left_ns - _CLOSE_NS) / NS_PER_S
            try:
                item = self._queue.get(timeout=timeout_s)
            except queue.Empty:
                continue
            if item is None:
                return
            if item[0] <= now_ns():
                item[1]()
            else:
                heapq.heappush(self._waiting, (item[0], next(self._order), item[1]))

    def _send(self, clip: Clip, weight: float) -> None:
        if not self._target:
            return
        arguments: list[str | int | float] = [clip.header.cid, float(weight), clip.header.duration_ms]
        if clip.header.voice_delta is not None:
            for name, value in clip.header.voice_delta.model_dump().items():
                arguments += [name, value]
        message = OscMessageBuilder(OSC_ADDRESS)
        for argument in arguments:
            message.add_arg(argument)
        try:
            self._connected().send(message.build().dgram)
        except OSError as error:
            self._socket = None
            self.failed += 1
            log.debug("cue %s not sent to %s: %s", clip.header.cid, self._target, error)
        else:
            self.sent += 1

    def _connected(self) -> socket.socket:
        if self._socket is None:
            if now_ns() < self._retry_ns:
                raise OSError(f"{self._target} could not be reached a moment ago")
            self._retry_ns = now_ns() + _RETRY_NS
            host, _, port = self._target.rpartition(":")
            family, kind, _, _, address = addresses(host.strip("[]"), int(port))[0]
            self._socket = socket.socket(family, kind)
            self._socket.setblocking(False)
            self._socket.connect(address)
            self._retry_ns = 0
        return self._socket
