"""The JSON of a capsule: what it is called, how it is blended, when it starts. This file is its specification."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from typing_extensions import Self

from visaged.capsules.file.ids import NEUTRAL, CapsuleKind, Cid, kind_of
from visaged.text_form import form

FRAME_RATE_HZ: Final = 60
# Five minutes: longer than any line that is spoken in one go, and 2.2 MB of curves.
MAX_DURATION_MS: Final = 300_000
# A human face needs no more than this to fade; longer is a mistake in the unit.
MAX_FADE_MS: Final = 10_000

BlendMode = Literal["additive", "override", "multiply"]
Layer = Literal["base", "emotion", "face", "gesture", "micro", "line"]
"""``base`` lies under all others and holds one loop; ``gesture`` is what a context rules over; ``line`` speaks."""
Reference = Literal["speech_onset", "scene_start", "previous_capsule"]
Tag = Annotated[str, form(r"^[a-z0-9-]{1,32}$", "1 to 32 of a-z 0-9 -, such as smile")]
Unit = Annotated[float, Field(ge=-1, le=1)]


class Strict(BaseModel):
    """Unknown keys, NaN, and numbers or booleans written as text are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Trigger(Strict):
    """When it starts, from something that happens."""

    relative_to: Reference
    offset_ms: int = Field(default=0, ge=-500, le=500)
    """ms; negative: before it."""


class ExpressedEmotion(Strict):
    """What it expresses, each -1..1."""

    valence: Unit = 0.0
    arousal: Unit = 0.0
    dominance: Unit = 0.0

    def vector(self) -> tuple[float, float, float]:
        """(valence, arousal, dominance)."""
        return self.valence, self.arousal, self.dominance


class VoiceRequirement(Strict):
    """How it goes with a voice."""

    required_cid: Cid | None = None
    lip_sync_lead_ms: int = Field(default=0, ge=0, le=500)
    """The lips lead the sound by this, ms."""


class VoiceDelta(Strict):
    """Parameters of a voice effect (VC_)."""

    pitch_shift_semitones: float = Field(default=0.0, ge=-24, le=24)
    formant_shift: float = Field(default=0.0, ge=-24, le=24)
    """Semitones."""
    speech_rate: float = Field(default=1.0, ge=0.8, le=1.3)
    vibrato_depth: float = Field(default=0.0, ge=0, le=1)
    vibrato_rate_hz: float = Field(default=0.0, ge=0, le=20)
    breathiness: float = Field(default=0.0, ge=0, le=1)
    tension: float = Field(default=0.0, ge=0, le=1)


class Header(Strict):
    """Everything about a capsule but its tensors."""

    cid: Cid
    version: int = Field(default=1, ge=1, le=1_000_000)
    title: str = Field(default="", max_length=128)
    layer: Layer = "face"
    duration_ms: int = Field(ge=0, le=MAX_DURATION_MS)
    """ms; 0 only for what has no curves."""
    loop: bool = False
    blend_mode: BlendMode = "additive"
    priority: int = Field(default=5, ge=0, le=10)
    probability: float = Field(default=1.0, ge=0, le=1)
    fade_in_ms: int = Field(default=80, ge=0, le=MAX_FADE_MS)
    fade_out_ms: int = Field(default=160, ge=0, le=MAX_FADE_MS)
    trigger: Trigger | None = None
    emotion: ExpressedEmotion | None = None
    voice: VoiceRequirement | None = None
    voice_delta: VoiceDelta | None = None
    """For VC_ only."""
    fallback_cid: Cid = NEUTRAL
    tags: Annotated[tuple[Tag, ...], Field(max_length=16, strict=False)] = ()
    licence: str = Field(default="", max_length=64)
    source: str = Field(default="", max_length=256)

    @property
    def kind(self) -> CapsuleKind:
        """What it is, by its ID."""
        return kind_of(self.cid)

    @property
    def shown_in(self) -> str:
        """Its layer; what moves no curve has none: ``cue`` or ``voice``, as is its kind."""
        return self.kind.value if self.kind in (CapsuleKind.CUE, CapsuleKind.VOICE) else self.layer

    @model_validator(mode="after")
    def _sound(self) -> Self:
        has_curves = self.kind in (CapsuleKind.FACE, CapsuleKind.LOOP, CapsuleKind.LINE)
        if has_curves and self.duration_ms < 17:
            raise ValueError(f"duration_ms is {self.duration_ms}; curves last one frame (17 ms) or more")
        if has_curves and not self.loop and self.fade_in_ms + self.fade_out_ms > self.duration_ms:
            raise ValueError(
                f"fade_in_ms {self.fade_in_ms} + fade_out_ms {self.fade_out_ms} exceed duration_ms {self.duration_ms}"
            )
        if self.kind is CapsuleKind.LOOP and not self.loop:
            raise ValueError("a CID_ capsule is a loop: set loop to true")
        if self.loop and self.kind not in (CapsuleKind.LOOP, CapsuleKind.FACE):
            raise ValueError("loop is for CID_ and VF_ capsules only")
        if (self.voice_delta is not None) != (self.kind is CapsuleKind.VOICE):
            raise ValueError("voice_delta belongs in a VC_ capsule, and only there")
        return self
