"""Commands about the state behind the expression: emotion, profile, context."""

from __future__ import annotations

from pydantic import Field, model_validator

from visaged.control.protocol.envelope import Data, QuickCommand, Request
from visaged.id_packet import ProfileName


class EmotionSet(Request):
    """Move the emotion state; what is left out stays as it is."""

    valence: float | None = Field(default=None, ge=-1, le=1)
    arousal: float | None = Field(default=None, ge=-1, le=1)
    dominance: float | None = Field(default=None, ge=-1, le=1)

    @model_validator(mode="after")
    def _something(self) -> EmotionSet:
        if self.valence is None and self.arousal is None and self.dominance is None:
            raise ValueError("nothing to set; expected valence, arousal or dominance")
        return self


class ProfileSet(Request):
    """Choose a named composition; unknown names are refused, never taken as empty."""

    profile: ProfileName | None = Field(description="null: none")


class ContextSet(Request):
    """Say what the avatar is doing (listening, thinking, …)."""

    context: ProfileName | None = Field(description="null: none")


class Mood(Data):
    """The state after the command."""

    valence: float
    arousal: float
    dominance: float
    profile: str | None
    context: str | None


EMOTION_SET = QuickCommand(
    "emotion.set", "Move the emotion state", EmotionSet, Mood, '{"transaction": "t19", "valence": 0.7}'
)
PROFILE_SET = QuickCommand(
    "profile.set", "Choose a profile", ProfileSet, Mood, '{"transaction": "t20", "profile": "quiet_reflective"}'
)
CONTEXT_SET = QuickCommand(
    "context.set", "Say what the avatar does", ContextSet, Mood, '{"transaction": "t21", "context": "listening"}'
)
