"""Commands about the face: held curves, mode, mute, gain."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from visaged import curves
from visaged.control.protocol.envelope import ENGINE_S, Data, Nothing, QuickCommand, Request, SlowCommand


def _in_range(values: dict[str, float]) -> dict[str, float]:
    for name, value in values.items():
        if name not in curves.INDEX:
            raise ValueError(f"'{name}' is not a curve; expected one of the 61 names, such as JawOpen or HeadYaw")
        index = curves.INDEX[name]
        low, high = float(curves.MINIMUM[index]), float(curves.MAXIMUM[index])
        if not low <= value <= high:
            raise ValueError(f"{name} is {value:g}; accepted: {low:g} to {high:g}")
    return values


def _known(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if name not in curves.INDEX and name not in curves.REGIONS:
            raise ValueError(f"'{name}' is neither a curve nor a region ({', '.join(curves.REGIONS)})")
    return names


class FaceSet(Request):
    """Hold curves at given values; everything else goes on moving."""

    curves: Annotated[dict[str, float], AfterValidator(_in_range), Field(min_length=1, max_length=curves.COUNT)]
    duration_ms: int = Field(default=1000, ge=1, le=600_000, description="How long they are held")


class FaceRelease(Request):
    """Let go of held curves."""

    curves: Annotated[tuple[str, ...], AfterValidator(_known)] | None = Field(
        default=None, min_length=1, max_length=curves.COUNT, description="Curves or regions; null: all"
    )


class HeldCurves(Data):
    """What the command was about."""

    curves: tuple[str, ...] | None = Field(description="null: all")


class ModeSet(Request):
    """What drives the face."""

    mode: Literal["mirror", "converse"] = Field(
        description="mirror: the audio input. converse: the answer that comes down the link"
    )


class MuteSet(Request):
    """Let the voice through, or not. A muted face goes on living."""

    muted: bool
    what: Literal["input", "output", "both"] = Field(
        default="input", description="input: the voice no longer moves the face. output: the speaker is silent"
    )


class GainSet(Request):
    """Strength of the voice and of the face, until the next restart (config.set keeps it)."""

    input_db: float | None = Field(default=None, ge=-60, le=60, description="Gain of the voice, dB")
    intensity: float | None = Field(default=None, ge=0, le=2, description="Strength of the speech movement")

    @model_validator(mode="after")
    def _something(self) -> GainSet:
        if self.input_db is None and self.intensity is None:
            raise ValueError("nothing to set; expected input_db, intensity or both")
        return self


FACE_SET = QuickCommand(
    "face.set",
    "Hold curves at given values",
    FaceSet,
    HeldCurves,
    '{"transaction": "t6", "curves": {"BrowInnerUp": 0.6, "HeadYaw": -0.2}, "duration_ms": 800}',
)
FACE_RELEASE = QuickCommand("face.release", "Let go of held curves", FaceRelease, HeldCurves, '{"transaction": "t7"}')
MODE_SET = SlowCommand(
    "mode.set",
    "What drives the face",
    ModeSet,
    Nothing,
    '{"transaction": "t8", "mode": "mirror"}',
    patience_s=ENGINE_S,
)
MUTE_SET = QuickCommand(
    "mute.set", "Mute the voice or the speaker", MuteSet, Nothing, '{"transaction": "t9", "muted": false}'
)
GAIN_SET = QuickCommand(
    "gain.set", "Strength of voice and face", GainSet, Nothing, '{"transaction": "t10", "intensity": 1.0}'
)
