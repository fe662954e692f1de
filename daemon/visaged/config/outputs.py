"""Where the face goes: Live Link, VMC and iFacialMocap."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Final, Literal, NamedTuple

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError, model_validator

from visaged.config.authority import FILE
from visaged.config.hosts import Target, check_target
from visaged.config.rates import Fps, parse_fps
from visaged.config.section import Section
from visaged.instance import default_subject
from visaged.text_form import ShortAscii

MAX_LIVELINK: Final = 16
MAX_OTHERS: Final = 8
"""Receivers of VMC, and of iFacialMocap."""

_SUBJECT: Final[TypeAdapter[str]] = TypeAdapter(ShortAscii)
_OPTIONS: Final = "expected HOST:PORT, then ?subject=NAME or ?fps=RATE or both with & between them"


class LiveLinkTarget(NamedTuple):
    """One receiver, taken apart."""

    address: str
    """HOST:PORT."""
    subject: str | None
    """Its own, in place of ``livelink.subject``."""
    fps: Fraction | None
    """Its own, at most ``livelink.fps``."""


def parse_livelink_target(target: str) -> LiveLinkTarget:
    """``HOST:PORT``, ``HOST:PORT?subject=NAME&fps=30``. Raises ValueError."""
    address, asked, query = target.partition("?")
    check_target(address)
    options: dict[str, str] = {}
    for item in query.split("&", 3) if asked else ():
        key, _, value = item.partition("=")
        if key not in ("subject", "fps") or key in options or not value:
            raise ValueError(_OPTIONS)
        options[key] = value
    subject = options.get("subject")
    if subject is not None:
        try:
            _SUBJECT.validate_python(subject)
        except ValidationError:
            raise ValueError("expected a subject of 1 to 64 printable ASCII characters") from None
    return LiveLinkTarget(address, subject, parse_fps(options["fps"]) if "fps" in options else None)


def _checked(target: str) -> str:
    parse_livelink_target(target)
    return target


class LiveLinkSettings(Section):
    """Curves to Unreal."""

    targets: list[Annotated[str, AfterValidator(_checked)]] = Field(
        default=["127.0.0.1:11111"],
        max_length=MAX_LIVELINK,
        description="Receivers, HOST:PORT; with a subject or rate of their own: 'HOST:PORT?subject=NAME&fps=30'",
    )
    subject: ShortAscii = Field(
        default_factory=default_subject, description="Live Link subject name: 1-64 printable ASCII characters"
    )
    fps: Fps = Field(default=Fraction(60), description="Packets per second, 24-120; fractions as text: '30000/1001'")

    @model_validator(mode="after")
    def _no_target_above_the_rate(self) -> LiveLinkSettings:
        for target in self.targets:
            fps = parse_livelink_target(target).fps
            if fps is not None and fps > self.fps:
                raise ValueError(
                    f"target '{target}' wants more than fps = {self.fps}; raise fps, or lower the target's"
                )
        return self


class VmcSettings(Section):
    """The face to VRM and VTuber programs, by the VMC protocol."""

    targets: list[Target] = Field(
        default=[],
        max_length=MAX_OTHERS,
        description="Receivers, HOST:PORT; programs that draw listen on 39539, those that pass it on on 39540",
    )
    names: Literal["pascal", "camel", "vrm0", "vrm1"] = Field(
        default="pascal",
        description="pascal, camel: the 52 shapes (JawOpen, jawOpen). vrm0, vrm1: a VRM model's own vowels and moods",
    )
    rate: Literal["fps"] | Fps = Field(default="fps", description="Frames per second; fps: as livelink.fps")
    bones: bool = Field(default=True, description="Send head, neck and eyes, too")


class IFacialMocapSettings(Section):
    """The face to programs that expect the iFacialMocap app."""

    listen: Annotated[bool, FILE] = Field(
        default=False, description="Answer programs of the local network that ask on UDP port 49983"
    )
    targets: list[Target] = Field(
        default=[], max_length=MAX_OTHERS, description="Receivers that need not ask, HOST:PORT; mostly port 49983"
    )
    version: Literal[1, 2] = Field(default=1, description="Of the text for those: 1 is read by all, 2 by newer ones")
