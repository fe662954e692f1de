"""The commands about mood: emotion, profile, context."""

from __future__ import annotations

from visaged.app.commands.errors import capsule_refusals
from visaged.capsules.service import Capsules
from visaged.control.protocol.commands import mood
from visaged.control.registry import Registry


class MoodCommands:
    """Control thread."""

    def __init__(self, capsules: Capsules) -> None:
        self._capsules = capsules

    def serve(self, registry: Registry) -> None:
        """Register them."""
        registry.serve(mood.EMOTION_SET, self.emotion_set)
        registry.serve(mood.PROFILE_SET, self.profile_set)
        registry.serve(mood.CONTEXT_SET, self.context_set)

    def emotion_set(self, request: mood.EmotionSet) -> mood.Mood:
        """Move the emotion; what is left out stays as it is."""
        now = self._capsules.emotion()
        asked = (request.valence, request.arousal, request.dominance)
        valence, arousal, dominance = (old if new is None else new for new, old in zip(asked, now, strict=True))
        self._capsules.set_emotion((valence, arousal, dominance))
        return self.mood()

    def profile_set(self, request: mood.ProfileSet) -> mood.Mood:
        """Choose a composition."""
        with capsule_refusals():
            self._capsules.set_profile(request.profile or "")
        return self.mood()

    def context_set(self, request: mood.ContextSet) -> mood.Mood:
        """Say what the avatar does."""
        with capsule_refusals():
            self._capsules.set_context(request.context or "")
        return self.mood()

    def mood(self) -> mood.Mood:
        """The state now."""
        valence, arousal, dominance = self._capsules.emotion()
        figures = self._capsules.statistics()
        return mood.Mood(
            valence=round(valence, 4),
            arousal=round(arousal, 4),
            dominance=round(dominance, 4),
            profile=str(figures["profile"]) or None,
            context=str(figures["context"]) or None,
        )
