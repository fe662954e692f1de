"""How far behind the voice the face is shown and the speaker plays, for what is open and running now."""

from __future__ import annotations

from collections.abc import Mapping

from visaged.animation.stage import LEAD_MS
from visaged.app.stages import Stages
from visaged.clock import NS_PER_MS, RATE_HZ
from visaged.face.latency_budget import budget_ns
from visaged.face.solver import HOP


def voice_to_packet_ns(stages: Stages) -> int:
    """How far behind the voice the face is shown (face/latency_budget.py)."""
    # An answer is there before it is due, so each of its samples is a block of its own.
    mirror = stages.converse.mode == "mirror"
    block = stages.settings.audio.input.block_ms * RATE_HZ // 1000 if mirror else 1
    held_back_ms = (stages.metrics.gauge("audio.resampler_ms").value or 0.0) if mirror else 0.0
    return budget_ns(stages.solver.lookahead_ms, HOP, block, float(held_back_ms), LEAD_MS)


def face_delay_ns(stages: Stages) -> int:
    """How much later than the sound the face is wanted."""
    return round(stages.settings.face.delay_ms * NS_PER_MS)


def voice_to_speaker_ns(stages: Stages) -> float:
    """How far behind the voice the speaker plays it: as far as the face without its delay, unless set by hand."""
    delay_ms = stages.settings.audio.output.delay_ms
    return stages.animation.budget_ns if delay_ms == "auto" else delay_ms * NS_PER_MS


def health(stages: Stages) -> Mapping[str, float]:
    """Health's ``latency`` section, as far as it is known here."""
    face_ns = stages.animation.delay_ns
    return {
        "budget_ms": round((stages.animation.budget_ns + face_ns) / NS_PER_MS, 1),
        "face_delay_ms": round(face_ns / NS_PER_MS, 1),
    }
