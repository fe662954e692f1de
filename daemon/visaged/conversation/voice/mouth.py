"""The avatar's voice, on its own thread ("talk-mouth"): lays the answer into the voice ring as time passes.

Solver and speaker read that ring, so the face follows what is played, not what has come. Between answers there is
silence in it, and the sample index goes on following time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

import numpy as np

from visaged.clock import NS_PER_MS, RATE_HZ, now_ns, sleep_until
from visaged.codec.down.upsample import FACTOR, CodecUpsampler
from visaged.conversation.answer import AnswerVoice
from visaged.conversation.brains.protocol import Heard, Pcm
from visaged.conversation.voice.answer_buffer import AnswerBuffer, empty
from visaged.metrics import Metrics
from visaged.problems import Problems
from visaged.realtime import go_realtime
from visaged.stage_thread import StageThread

LEAD_NS: Final = 25 * NS_PER_MS
"""How long before it is due sound is laid: two wake-ups of a thread on the slowest box we know of."""
_STEP_MS: Final = 10
_STEP_NS: Final = _STEP_MS * NS_PER_MS
_STEP: Final = RATE_HZ * _STEP_MS // 1000
# The speaker plays a voice later than it is due, as late as the face is: what comes within that is caught up with.
_CATCH_UP_NS: Final = 150 * NS_PER_MS
_STOP_S: Final = 2.0


class Mouth:
    """``buffer`` is fed by the brain's threads. ``cut``: any thread."""

    def __init__(
        self,
        voice: AnswerVoice,
        metrics: Metrics,
        problems: Problems,
        *,
        realtime_priority: int,
        on_speech: Callable[[bool], None],
    ) -> None:
        """``on_speech(speaking)``: sound begins, or ends; on this thread, must not raise."""
        self.buffer = AnswerBuffer()
        self.alive_ns = 0
        """CLOCK_MONOTONIC of the thread's last sign of life; 0: not started."""
        self.speaking = False
        """Whether the avatar's voice is in the ring's newest sound."""
        self._voice = voice
        self._priority = realtime_priority
        self._on_speech = on_speech
        self._thread = StageThread("talk-mouth", problems, "laying the answer does not return", _STOP_S)
        self._late = metrics.counter("conversation.late")
        self._queued_ms = metrics.gauge("audio.output_queued_ms")
        self._lock = threading.Lock()

    def start(self) -> None:
        """Start the thread; nothing happens when it runs."""
        if not self._thread.alive:
            self._thread.start(self._run)

    def stop(self) -> None:
        """End the thread and forget the time: nothing is heard any more."""
        self._thread.stop()
        self._voice.timeline.stop()
        self.buffer.cut(None)
        self.speaking = False

    def cut(self) -> tuple[Heard, ...]:
        """Be silent now, at the speaker too; how much was heard of each answer that is not over."""
        with self._lock:
            # What the speaker's device holds already is heard, too.
            sounds_ns = now_ns() + round(float(self._queued_ms.value or 0) * NS_PER_MS)
            heard = self.buffer.cut(self._voice.leaves_speaker(sounds_ns))
            self._voice.speaker.silence_until(self._voice.ring.end)
        return heard

    def _run(self, stopping: threading.Event) -> None:
        go_realtime(self._priority)
        ring, timeline = self._voice.ring, self._voice.timeline
        upsampler, pcm, sound = CodecUpsampler(), empty(_STEP // FACTOR), np.zeros(_STEP, np.float32)
        due_ns = now_ns() + LEAD_NS
        timeline.restart(ring.end, due_ns)
        while not stopping.is_set():
            sleep_until(due_ns - LEAD_NS)
            self.alive_ns = now_ns()
            if self.alive_ns > due_ns + _CATCH_UP_NS:
                # This thread was held up for long: go on from now, do not work off what is past.
                self._late.add()
                due_ns = self.alive_ns + LEAD_NS
                timeline.restart(ring.end, due_ns)
            with self._lock:
                speaks = self.buffer.take(pcm, ring.end)
                self._lay(pcm if speaks else None, upsampler, sound)
            if speaks != self.speaking:
                self.speaking = speaks
                self._on_speech(speaks)
            due_ns += _STEP_NS
            timeline.observe(ring.end, due_ns)
        if self.speaking and self._thread.run is stopping:
            self.speaking = False
            self._on_speech(False)

    def _lay(
        self, pcm: Pcm | None, upsampler: CodecUpsampler, sound: np.ndarray[tuple[int], np.dtype[np.float32]]
    ) -> None:
        if pcm is None and not self.speaking:
            self._voice.ring.skip(_STEP)
            return
        # The first silence after speech still holds the end of it, in the filter.
        upsampler.step(np.zeros(_STEP // FACTOR, np.float32) if pcm is None else pcm / np.float32(32768), sound)
        self._voice.ring.write(sound)
