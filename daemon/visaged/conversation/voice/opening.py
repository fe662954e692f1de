"""The ears that the settings ask for."""

from __future__ import annotations

from collections.abc import Callable

from visaged.audio.playback import Playback
from visaged.audio.ring import Sound
from visaged.codec.up.speech_gate import CHUNK_MS, SpeechGate
from visaged.config import Settings
from visaged.conversation.brains.protocol import Pcm
from visaged.conversation.opening import open_guest_detector, open_guest_echo_canceller
from visaged.conversation.parts import FaceParts
from visaged.conversation.voice.ears import Ears


def open_ears(
    settings: Settings,
    parts: FaceParts,
    playback: Playback,
    priority: int,
    on_block: Callable[[Pcm | None, bool], None],
) -> Ears:
    """Not started. Raises ConverseError."""
    capture = parts.capture

    def played(index: int, out: Sound) -> None:
        playback.played.at(capture.timeline.time_at(index), out)

    # Short: the pause that ends a turn is counted by the turns.
    level_dbfs, hang_over_ms = settings.codec.vad_level_dbfs, 3 * CHUNK_MS
    return Ears(
        capture.ring,
        parts.metrics,
        parts.problems,
        gate=SpeechGate(open_guest_detector(settings), level_dbfs=level_dbfs, hang_over_ms=hang_over_ms),
        echo_canceller=open_guest_echo_canceller(settings),
        realtime_priority=priority,
        played=played,
        on_block=on_block,
    )
