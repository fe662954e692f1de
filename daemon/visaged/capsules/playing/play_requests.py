"""What packets, events and profiles ask for: IDs with weights and offsets, every name checked against the tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast, get_args

from visaged.capsules.errors import CapsuleError, UnknownError, shown
from visaged.capsules.file.header import Layer
from visaged.capsules.file.ids import EVENT_PREFIX, CapsuleKind, check_cid, kind_of
from visaged.capsules.library.catalogue import Catalogue
from visaged.capsules.library.tables import MAX_WEIGHT, EventTiming
from visaged.capsules.playing.active_clip import ActiveClip, ClipRequest
from visaged.capsules.playing.director import PlayRequest
from visaged.capsules.playing.timeline import Matches
from visaged.id_packet import IdPacket
from visaged.id_packet import LeadLag as PacketLeadLag

PROFILE: Final = "profile"
"""Owner of what a profile plays."""


def matching(cid: str | None, ticket: int | None, layer: Layer | None) -> Matches:
    """What fits all that is given; everything but the base loop when nothing is."""
    everything = cid is None and ticket is None and layer is None

    def matches(playing: ActiveClip | ClipRequest) -> bool:
        if everything:
            return playing.layer != "base"
        return cid in (None, playing.cid) and ticket in (None, playing.ticket) and layer in (None, playing.layer)

    return matches


def of_packet(message: IdPacket, catalogue: Catalogue) -> list[PlayRequest]:
    """What an ID packet blends. Without lead_lag_ms every capsule starts by its own trigger, or now.

    Raises CapsuleError naming the field, UnknownError for an event.
    """
    own_trigger = "lead_lag_ms" not in message.model_fields_set
    requests: list[PlayRequest] = []
    for part in (*message.video_blend, *message.voice_blend):
        if part.cid.startswith(EVENT_PREFIX):
            requests += of_event(part.cid, part.weight, catalogue)
            continue
        check_prefix(part.cid)
        requests.append(
            PlayRequest(
                part.cid,
                part.weight,
                check_layer(part.layer),
                offset_ms=_lead_ms(message.lead_lag_ms, part.cid),
                own_trigger=own_trigger,
                fallback=message.fallback_cid,
            )
        )
    return requests + _required_voices(requests, catalogue)


def of_event(event_id: str, weight: float, catalogue: Catalogue) -> list[PlayRequest]:
    """What a row of the event table plays. Raises UnknownError."""
    check_known("event", event_id, catalogue.tables.events)
    event = catalogue.tables.events[event_id]
    cids = [cid for cid in (event.face, event.hand, event.voice) if cid is not None]
    weight = min(weight * event.weight, MAX_WEIGHT)
    return [PlayRequest(cid, weight, offset_ms=_lead_ms(event.lead_lag_ms, cid)) for cid in cids]


def of_profile(name: str, catalogue: Catalogue) -> list[PlayRequest]:
    """What a profile plays; '' is none. Raises UnknownError."""
    check_known("profile", name or None, catalogue.tables.profiles)
    blends = catalogue.tables.profiles[name].capsules if name else ()
    return [PlayRequest(blend.cid, blend.weight, owner=PROFILE, own_trigger=True) for blend in blends]


def check_weight(weight: float) -> None:
    """Raises CapsuleError unless 0 <= ``weight`` <= MAX_WEIGHT."""
    if not 0 <= weight <= MAX_WEIGHT:  # also refuses NaN
        raise CapsuleError("", "weight", f"is {shown(weight)}; 0 to {MAX_WEIGHT:g} is accepted")


def check_layer(layer: str | None) -> Layer | None:
    """``layer`` when there is one of that name. Raises CapsuleError."""
    if layer is not None and layer not in get_args(Layer):
        raise CapsuleError("", "layer", f"is {shown(layer)}; accepted: {', '.join(get_args(Layer))}")
    return cast(Layer | None, layer)


def check_prefix(cid: str) -> None:
    """Raises CapsuleError unless ``cid`` is a capsule ID with a known prefix."""
    try:
        check_cid(cid)
    except ValueError as error:
        raise CapsuleError("", "cid", f"is {shown(cid)}; {error}") from None


def check_known(kind: str, name: str | None, known: Mapping[str, Any]) -> None:
    """Raises UnknownError when ``name`` is given and not among ``known``."""
    if name is not None and name not in known:
        there = ", ".join(sorted(known)) or "none"
        raise UnknownError("", kind, f"{shown(name)} is not in the library; there is {there}")


def _required_voices(requests: list[PlayRequest], catalogue: Catalogue) -> list[PlayRequest]:
    """Voices that wished capsules need and the packet does not bring."""
    entries, named = catalogue.entries, {request.cid for request in requests}
    voices = [entries[request.cid].header.voice for request in requests if request.cid in entries]
    required = {voice.required_cid for voice in voices if voice is not None and voice.required_cid is not None}
    return [PlayRequest(cid) for cid in sorted(required - named)]


def _lead_ms(lead_lag: EventTiming | PacketLeadLag, cid: str) -> int:
    kind = kind_of(cid)
    if kind is CapsuleKind.CUE:
        return lead_lag.hand
    return lead_lag.voice if kind in (CapsuleKind.LINE, CapsuleKind.VOICE) else lead_lag.face
