"""What the voice and the capsules tell while the face runs, passed on to capsules, animator and events."""

from __future__ import annotations

from visaged.app.stages import Stages
from visaged.control.protocol.events import Events


class VoiceEvents:
    """Called on the stages' threads from the first sample on; says nothing until ``attach``."""

    def __init__(self) -> None:
        self._attached: tuple[Stages, Events] | None = None

    def attach(self, stages: Stages, events: Events) -> None:
        """All stages are started."""
        self._attached = (stages, events)

    def speech(self, speaking: bool, index: int) -> None:
        """The solver's thread: speech begins or ends at sample ``index``; the face shows it later (``latency``)."""
        if self._attached is None:
            return
        stages, events = self._attached
        heard_ns = stages.animation.timeline.time_at(index)
        if speaking and heard_ns is not None:
            animation = stages.animation
            stages.capsules.speech_onset(int(heard_ns) + animation.budget_ns + animation.delay_ns)
        elif not speaking:
            stages.capsules.speech_end()
        # In a conversation the uplink tells the guest's speech.
        if stages.converse.mode == "mirror":
            events.tell("speech_start" if speaking else "speech_end")

    def capsule(self, notice: dict[str, object]) -> None:
        """The thread of the capsules' side effects: a start, an end, a miss."""
        if self._attached is not None:
            self._attached[1].tell_notice(notice)

    def emotion(self, vector: tuple[float, float, float]) -> None:
        """The solver's thread: what the voice sounds like (valence, arousal, dominance)."""
        if self._attached is None:
            return
        stages, _ = self._attached
        strength = stages.settings.face.emotion
        if strength:
            valence, arousal, dominance = vector
            stages.capsules.push_emotion((strength * valence, strength * arousal, strength * dominance))

    def phrase_end(self) -> None:
        """The solver's thread: a phrase has ended, a blink suits."""
        if self._attached is not None:
            self._attached[0].animator.request_blink()
