"""The downlink: decodes the peer's messages into a voice for solver and speaker, on its own thread ("codec-down").

The voice is a ring and a timeline, as that of the microphone is: each sample has the time at which it is due, and is
there some milliseconds before. Without speech there is silence in it, so the sample index goes on following time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from visaged.audio.ring import AudioRing
from visaged.clock import NS_PER_MS, RATE_HZ, Timeline, now_ns, sleep_until
from visaged.codec.down.concealer import Concealer
from visaged.codec.down.playout import FRAME_NS, Playout, PlayoutKind, Step
from visaged.codec.down.rate_watch import RateWatch
from visaged.codec.down.reception import Reception
from visaged.codec.down.skew import Skew
from visaged.codec.down.upsample import HOUSE_FRAME, CodecUpsampler
from visaged.codec.frame_codec import FRAME, FRAME_MS, FrameDecoder
from visaged.metrics import Metrics
from visaged.problems import Problems
from visaged.realtime import go_realtime
from visaged.stage_thread import StageThread

# From taking a frame to its sound being there: one decoder step and two thread wake-ups on the slowest box we know of.
LEAD_NS: Final = 25 * NS_PER_MS
# Silence is laid in steps of this, so that speech may begin at any of them.
_STEP_MS: Final = 10
_STEP: Final = RATE_HZ * _STEP_MS // 1000
# A step of a decoder takes milliseconds; a thread that is not back by then hangs in a library and is left behind.
_STOP_S: Final = 2.0

STOPPED_PROBLEM: Final = "codec_peer_stopped"
DECODER_PROBLEM: Final = "codec_decoder"


class Downlink:
    """One peer's voice. ``receive``: the link's thread; ``interrupt``: any thread."""

    def __init__(
        self,
        decoder: FrameDecoder[Any],
        ring: AudioRing,
        timeline: Timeline,
        metrics: Metrics,
        problems: Problems,
        *,
        most_wait_ms: float,
        ahead_s: float,
        realtime_priority: int = 0,
        on_speech: Callable[[bool], None] = lambda speaking: None,
    ) -> None:
        """``ring``, ``timeline``: where the voice goes, for this alone to write; its index goes on where it is.

        ``most_wait_ms``: limit of the jitter buffer's wait; ``ahead_s``: what the peer may send ahead of its time.

        ``on_speech(speaking)``: the peer's speech begins or is over; on this thread, must not raise.
        """
        self.ring = ring
        self.timeline = timeline
        self.alive_ns = 0
        """CLOCK_MONOTONIC of the thread's last sign of life: at most 0.1 s old while it is well. 0: not started."""
        self._concealer = Concealer(decoder)
        self._reception = Reception(decoder.codebooks, metrics)
        self._playout = Playout(
            self._reception,
            metrics,
            lead_ns=LEAD_NS,
            most_wait_ms=most_wait_ms,
            most_ahead=round(ahead_s * 1000 / FRAME_MS),
        )
        self._problems = problems
        self._priority = realtime_priority
        self._on_speech = on_speech
        self._lock = threading.Lock()
        self._skew = Skew()
        self._rate = RateWatch(metrics, problems)
        self._upsampler = CodecUpsampler()
        self._pcm = np.zeros(FRAME, np.float32)
        self._sound = np.zeros(HOUSE_FRAME, np.float32)
        self._thread = StageThread("codec-down", problems, "the decoder does not return from a step", _STOP_S)
        self._decode = metrics.histogram("codec.decode")
        self._late = metrics.counter("codec.decode_late")
        self._metrics = metrics

    @property
    def speaking(self) -> bool:
        """Whether the peer's voice is in the ring's newest sound."""
        return self._playout.speaking

    @property
    def heard_ns(self) -> int | None:
        """When something of the peer came last (CLOCK_MONOTONIC)."""
        return self._reception.last_ns

    @property
    def refusal(self) -> str:
        """Why a message was refused last; empty: none was."""
        return self._reception.refusal

    def receive(self, data: bytes) -> None:
        """Take in what the link brought."""
        arrival_ns = now_ns()
        with self._lock:
            stream, newest = self._reception.stream_id, self._reception.newest
            message = self._reception.take(data, arrival_ns)
            if message is None:
                return
            if self._reception.stream_id != stream:
                self._skew.clear()
                self._rate.clear()
            if len(message.codes) and self._reception.newest != newest:
                self._skew.hear(self._reception.newest, arrival_ns)
                self._rate.hear(self._reception.newest, arrival_ns)

    def interrupt(self) -> None:
        """Let the peer's voice fade, and be deaf to the rest of this speech."""
        with self._lock:
            self._playout.interrupt()

    def start(self) -> None:
        """Start the thread; nothing happens when it runs."""
        if self._thread.alive:
            return
        for name, source in self._figures().items():
            self._metrics.provide(name, source)
        self._thread.start(self._run)

    def stop(self) -> None:
        """End the thread and forget the time: nothing is heard any more."""
        self._thread.stop()
        # They hold this stage, and with it the decoder: hundreds of megabytes.
        self._metrics.withdraw(*self._figures())
        self.timeline.stop()
        for code in (STOPPED_PROBLEM, DECODER_PROBLEM):
            self._problems.clear(code)
        self._rate.clear()

    def _figures(self) -> dict[str, Callable[[], float | None]]:
        return {
            "codec.wait_ms": lambda: round(self._playout.wait_ns / NS_PER_MS, 1),
            "codec.depth": lambda: len(self._reception.frames),
            "codec.drift_ppm": lambda: None if self._skew.ppm is None else round(self._skew.ppm, 1),
        }

    def _run(self, stopping: threading.Event) -> None:
        go_realtime(self._priority)
        due_ns = now_ns() + LEAD_NS
        self.timeline.restart(self.ring.end, due_ns)
        while not stopping.is_set():
            sleep_until(due_ns - LEAD_NS)
            self.alive_ns = now_ns()
            if self.alive_ns > due_ns:
                # This thread was held up: go on from now, do not work off what is past.
                self._late.add()
                due_ns = self.alive_ns + LEAD_NS
                self.timeline.restart(self.ring.end, due_ns)
            with self._lock:
                spoke = self._playout.speaking
                step = self._playout.next(due_ns)
                speaks = self._playout.speaking
            if speaks != spoke:
                self._told(speaks)
            lasts_ns = self._lay(step)
            if stopping.is_set():
                return
            due_ns += lasts_ns
            self.timeline.observe(self.ring.end, due_ns)

    def _lay(self, step: Step) -> int:
        """Write the sound of ``step``; returns how long it lasts, in ns."""
        if step.kind is PlayoutKind.QUIET:
            self._rate.idle(self.alive_ns)
            self.ring.skip(_STEP)
            return _STEP_MS * NS_PER_MS
        run, began_ns = self._thread.run, now_ns()
        try:
            count = self._say(step)
        # Decoders run models that others made, through libraries that raise what they like: the voice must go on.
        except Exception as error:  # noqa: BLE001
            self._concealer.forget()
            self._pcm[:], count = 0, FRAME
            remedy = "The answer is silent meanwhile; verify the model package: visaged models verify FOLDER"
            self._problems.open(DECODER_PROBLEM, f"the decoder failed: {error or type(error).__name__}", remedy)
        else:
            if step.kind is PlayoutKind.FRAME:
                self._problems.clear(DECODER_PROBLEM)
        if run is not self._thread.run:
            return 0  # It hung, and another run has begun: this sound is of the past.
        self._upsampler.step(self._pcm[:count], self._sound)
        self.ring.write(self._sound[: 2 * count])
        self._decode.record_ns(now_ns() - began_ns)
        return count * FRAME_NS // FRAME + step.slide_ns

    def _say(self, step: Step) -> int:
        """The sound of ``step`` into ``_pcm``; returns how many samples of it are heard."""
        if step.kind is PlayoutKind.FRAME and step.codes is not None:
            return self._concealer.say(step.codes, self._pcm, reset=step.reset, shorter=step.shorter)
        return self._concealer.miss(self._pcm) if step.kind is PlayoutKind.LOST else self._concealer.end(self._pcm)

    def _told(self, speaks: bool) -> None:
        if speaks:
            self._problems.clear(STOPPED_PROBLEM)
        elif self._playout.stopped:
            remedy = "Look whether it still runs and whether the network holds; a peer ends its speech with a message"
            self._problems.open(STOPPED_PROBLEM, "the peer stopped in the middle of its speech", remedy)
        self._on_speech(speaks)
