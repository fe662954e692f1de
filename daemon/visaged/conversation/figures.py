"""The figures of the conversations with a brain, since the daemon's start."""

from __future__ import annotations

from visaged.clock import now_ns
from visaged.conversation.brains.protocol import RATE_HZ
from visaged.conversation.voice.answer_buffer import AnswerBuffer
from visaged.metrics import Metrics
from visaged.windowed_metrics import WindowedMetrics

_FIRST_SOUND = "conversation.first_sound"


class TalkFigures:
    """Counted by the session's threads, read by any."""

    def __init__(self, metrics: Metrics) -> None:
        self.first_sound = metrics.histogram(_FIRST_SOUND)
        """From the end of a turn to the first sound of the answer."""
        self.turns = metrics.counter("conversation.turns")
        self.interruptions = metrics.counter("conversation.interruptions")
        self.losses = metrics.counter("conversation.losses")
        self._windowed = WindowedMetrics(metrics, now_ns(), histograms=(_FIRST_SOUND,))

    def read(self, buffer: AnswerBuffer) -> dict[str, object]:
        """For health."""
        window = self._windowed.read(now_ns()).histograms[_FIRST_SOUND]
        return {
            "turns": self.turns.value,
            "interruptions": self.interruptions.value,
            "losses": self.losses.value,
            "first_sound_p50_ms": window.percentile_ms(50),
            "first_sound_p95_ms": window.percentile_ms(95),
            "waiting_ms": round(buffer.waiting * 1000 / RATE_HZ),
            "starved": buffer.starved,
            "dropped_ms": round(buffer.dropped * 1000 / RATE_HZ),
        }
