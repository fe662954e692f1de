"""The ID packet: which capsules to show, how strongly and when, by ID only. This file is its specification.

Under 1 KB of JSON, the same over MQTT (``request/packet``) and on the local socket::

    {"timestamp_ms": 123456, "video_blend": [{"cid": "VF_BROW_FLASH", "weight": 0.68, "layer": "face"}],
     "voice_blend": [{"cid": "VC_SOFT", "weight": 0.8}], "tts_text": "",
     "lead_lag_ms": {"hand": 0, "face": 50, "voice": 130}, "context": "listening", "profile": "quiet_reflective",
     "emotion": {"valence": 0.72, "arousal": 0.33, "dominance": 0.0}, "fallback_cid": "VF_NEUTRAL"}

``w`` is accepted for ``weight``. Every field may be left out.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from visaged.text_form import form

CID_PATTERN: Final = r"^[A-Z]{2,4}_[A-Z0-9_]{1,32}$"
"""Capsule and event ids: VF_ face, HF_ hands, VC_ voice delta, VL_ voice line, CID_ base loop, E_ event."""

EVENT_PATTERN: Final = r"^E_[A-Z0-9_]{1,32}$"
"""Rows of the event table; their prefix is one letter."""

_ID: Final = "2 to 4 capital letters, '_' and 1 to 32 of A-Z 0-9 _, such as VF_BROW_FLASH"
Cid = Annotated[str, form(CID_PATTERN, f"an ID: {_ID}")]
CidOrEvent = Annotated[
    str, form(r"^([A-Z]{2,4}|E)_[A-Z0-9_]{1,32}$", f"an ID: {_ID}; or an event: E_ and 1 to 32 of A-Z 0-9 _")
]
EventId = Annotated[str, form(EVENT_PATTERN, "an event: E_ and 1 to 32 of A-Z 0-9 _, such as E_GREET")]
ProfileName = Annotated[
    str, form(r"^[a-z][a-z0-9_]{0,63}$", "a small letter and up to 63 of a-z 0-9 _, such as quiet_reflective")
]
"""Names of profiles and contexts."""
LayerName = Annotated[str, form(r"^[a-z][a-z0-9_]{0,31}$", "a small letter and up to 31 of a-z 0-9 _, such as face")]

MAX_PACKET_BYTES: Final = 1024
"""Of the whole JSON text."""

# Above 1 a capsule is exaggerated; above 2 every shape is at its stop and nothing more can be seen.
_MAX_WEIGHT: Final = 2.0


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, populate_by_name=True)


def _add_short_name(schema: dict[str, Any]) -> None:
    """JSON Schema knows no second names: list ``w`` as a field of its own."""
    schema["properties"]["w"] = schema["properties"]["weight"]


class Blend(_Part):
    """One capsule and its gain. Gains add up and need not sum to 1."""

    model_config = ConfigDict(json_schema_extra=_add_short_name)

    cid: CidOrEvent
    weight: float = Field(default=1.0, ge=0.0, le=_MAX_WEIGHT, validation_alias=AliasChoices("weight", "w"))
    layer: LayerName | None = None
    """None: the layer that the capsule itself names."""


class LeadLag(_Part):
    """When each channel starts against the packet's event, ms; negative: before it."""

    hand: int = Field(default=0, ge=-2000, le=2000)
    face: int = Field(default=0, ge=-2000, le=2000)
    voice: int = Field(default=0, ge=-2000, le=2000)


class Emotion(_Part):
    """A point in the valence, arousal, dominance cube, -1..1 each; 0 is neutral."""

    valence: float = Field(default=0.0, ge=-1.0, le=1.0)
    arousal: float = Field(default=0.0, ge=-1.0, le=1.0)
    dominance: float = Field(default=0.0, ge=-1.0, le=1.0)


class IdPacket(_Part):
    """One control message; unknown fields are errors."""

    timestamp_ms: int | None = Field(default=None, ge=0, lt=2**53)
    """The sender's clock, ms; only differences between packets of one sender mean anything."""
    video_blend: tuple[Blend, ...] = Field(default=(), max_length=8)
    voice_blend: tuple[Blend, ...] = Field(default=(), max_length=8)
    tts_text: str = Field(default="", max_length=512)
    lead_lag_ms: LeadLag = LeadLag()
    context: ProfileName | None = None
    profile: ProfileName | None = None
    emotion: Emotion | None = None
    fallback_cid: Cid = "VF_NEUTRAL"
