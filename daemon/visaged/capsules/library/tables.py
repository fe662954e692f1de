"""Tables of the library: events, profiles and contexts, from TOML or JSON files with these three sections.

::

    [events.E_0001]
    title = "guest arrives"
    face = "VF_SMILE_POLITE"
    hand = "HF_WAVE"
    voice = "VL_HELLO"
    lead_lag_ms = { hand = 0, face = 50, voice = 130 }

    [profiles.quiet_reflective]
    capsules = [{ cid = "VF_THINK", weight = 0.6 }]
    global_modifiers = { tempo_factor = 0.9, noise_jitter = 0.12 }

    [contexts.listening]
    base = "CID_LISTEN_LOOP"
    gestures = [{ cid = "VF_NOD_SMALL", every_s = 6.0, probability = 0.6 }]
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Annotated, Final

from pydantic import AliasChoices, Field, ValidationError

from visaged.capsules.errors import CapsuleError, from_validation
from visaged.capsules.file.header import Strict
from visaged.capsules.file.ids import Cid
from visaged.id_packet import EventId, ProfileName

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

MAX_WEIGHT: Final = 2.0
"""Twice a capsule's own strength; more is a mistake in the scale."""
MAX_JITTER: Final = 0.15
"""The most that time and strength vary by, as a share."""

Weight = Annotated[float, Field(ge=0, le=MAX_WEIGHT, strict=False)]
OffsetMs = Annotated[int, Field(ge=-500, le=5000)]


class EventTiming(Strict):
    """Where hand, face and voice start, ms from the event: people move before they speak."""

    hand: OffsetMs = 0
    face: OffsetMs = 50
    voice: OffsetMs = 130


class WeightedCapsule(Strict):
    """One capsule and its gain."""

    cid: Cid
    weight: Weight = Field(default=1.0, validation_alias=AliasChoices("weight", "w"))


class EventRow(Strict):
    """A row of the event table: what face, hand and voice do together."""

    title: str = Field(default="", max_length=128)
    face: Cid | None = None
    hand: Cid | None = None
    voice: Cid | None = None
    weight: Weight = 1.0
    lead_lag_ms: EventTiming = EventTiming()


class Modifiers(Strict):
    """How a profile changes everything that is scheduled while it is set."""

    tempo_factor: float = Field(default=1.0, ge=0.5, le=2.0)
    noise_jitter: float = Field(default=0.0, ge=0, le=MAX_JITTER)
    """Time and strength vary by up to this share."""


class Profile(Strict):
    """A named composition."""

    title: str = Field(default="", max_length=128)
    capsules: tuple[WeightedCapsule, ...] = Field(default=(), max_length=16)
    global_modifiers: Modifiers = Modifiers()


class RecurringGesture(Strict):
    """Something that comes back while a context lasts."""

    cid: Cid
    weight: Weight = 1.0
    every_s: float = Field(ge=0.5, le=600)
    """Seconds from one to the next, before jitter."""
    probability: float = Field(default=1.0, ge=0, le=1)
    abort_probability: float = Field(default=0.05, ge=0, le=1)
    """How often it breaks off at 40 %, as people do."""


class Context(Strict):
    """What the avatar is doing: a base loop and gestures. It rules over the gesture layer, not over the emotion."""

    title: str = Field(default="", max_length=128)
    base: Cid | None = None
    gestures: tuple[RecurringGesture, ...] = Field(default=(), max_length=16)
    jitter: float = Field(default=MAX_JITTER, ge=0, le=MAX_JITTER)


class Tables(Strict):
    """One file of tables, or all of them together."""

    events: dict[EventId, EventRow] = Field(default={})
    profiles: dict[ProfileName, Profile] = Field(default={})
    contexts: dict[ProfileName, Context] = Field(default={})


def decode(data: bytes, name: str) -> Tables:
    """Read a table file (``name`` ends in .toml or .json). Raises CapsuleError naming the key."""
    try:
        if name.endswith(".json"):
            return Tables.model_validate_json(data)
        return Tables.model_validate(_tuples(tomllib.loads(data.decode())))
    except ValidationError as error:
        raise from_validation(name, error, "table") from None
    except (ValueError, RecursionError) as error:
        raise CapsuleError(name, "table", f"is not TOML: {error}") from None


def merge(tables: Iterable[Tables]) -> Tables:
    """All together; a later one wins where a name stands twice."""
    events: dict[str, EventRow] = {}
    profiles: dict[str, Profile] = {}
    contexts: dict[str, Context] = {}
    for table in tables:
        events |= table.events
        profiles |= table.profiles
        contexts |= table.contexts
    return Tables(events=events, profiles=profiles, contexts=contexts)


def _tuples(value: object) -> object:
    """TOML's lists as the tuples that strict validation of Python values wants."""
    if isinstance(value, dict):
        return {key: _tuples(item) for key, item in value.items()}
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value
