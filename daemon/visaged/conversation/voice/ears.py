"""The guest's voice, on its own thread ("talk-ears"): cleaned of the speaker's echo, judged, and handed on.

Every 10 ms the session gets the block at 24 kHz, and whether the guest speaks.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

import numpy as np

from visaged.audio.ring import AudioRing, Sound
from visaged.audio.ring_reader import RingReader
from visaged.clock import now_ns
from visaged.codec.up.echo_canceller import BLOCK, EchoCanceller
from visaged.codec.up.speech_gate import VAD_RATE_HZ, SpeechGate
from visaged.conversation.brains.protocol import RATE_HZ, Pcm
from visaged.decimate import Decimator
from visaged.metrics import Metrics
from visaged.problems import Problems
from visaged.realtime import go_realtime
from visaged.stage_thread import StageThread

_STOP_S: Final = 2.0


class Ears:
    """One guest."""

    def __init__(
        self,
        ring: AudioRing,
        metrics: Metrics,
        problems: Problems,
        *,
        gate: SpeechGate,
        echo_canceller: EchoCanceller,
        realtime_priority: int,
        played: Callable[[int, Sound], None],
        on_block: Callable[[Pcm | None, bool], None],
    ) -> None:
        """``played(index, out)``: write what left the speaker while the samples from ``index`` on were heard.

        ``on_block(pcm, speaking)``: each 10 ms; None: no sound came for 100 ms. On this thread, must not raise.
        """
        self.alive_ns = 0
        """CLOCK_MONOTONIC of the thread's last sign of life: at most 0.1 s old. 0: not started."""
        self.echo = echo_canceller.name
        """What is done about the speaker's echo and the room's noise."""
        self._ring = ring
        self._gate = gate
        self._cleaner = echo_canceller
        self._priority = realtime_priority
        self._played_at = played
        self._on_block = on_block
        self._brain_rate = Decimator(RATE_HZ, BLOCK)
        self._vad_rate = Decimator(VAD_RATE_HZ, BLOCK)
        self._skipped = metrics.counter("conversation.skipped")
        self._thread = StageThread("talk-ears", problems, "hearing the guest does not return", _STOP_S)

    @property
    def speaking(self) -> bool:
        """Whether the guest speaks."""
        return self._gate.speaking

    def start(self) -> None:
        """Start the thread; nothing happens when it runs."""
        if not self._thread.alive:
            self._thread.start(self._run, self._ring.end)

    def stop(self) -> None:
        """End the thread."""
        self._thread.stop()

    def _run(self, stopping: threading.Event, origin: int) -> None:
        go_realtime(self._priority)
        heard, played = np.zeros((2, BLOCK), np.float32)
        for_vad, for_brain = np.zeros(self._vad_rate.hop, np.float32), np.zeros(self._brain_rate.hop, np.float32)
        vad_past, brain_past = self._vad_rate.initial_state(), self._brain_rate.initial_state()
        self._gate.forget()
        reader = RingReader(self._ring, origin, self._skip)
        while not stopping.is_set():
            self.alive_ns = now_ns()
            if not reader.read(heard):
                self._on_block(None, False)
                continue
            self._played_at(reader.position - BLOCK, played)
            self._cleaner.clean(heard, played)
            self._vad_rate.step(heard, vad_past, for_vad)
            self._gate.hear(for_vad)
            self._brain_rate.step(heard, brain_past, for_brain)
            self._on_block(to_pcm(for_brain), self._gate.speaking)

    def _skip(self, position: int) -> int:
        self._skipped.add()
        return max(self._ring.end, position)


def to_pcm(sound: Sound) -> Pcm:
    """float32 +-1 -> int16, what is louder clipped."""
    return np.clip(np.round(sound * 32768), -32768, 32767).astype(np.int16)
