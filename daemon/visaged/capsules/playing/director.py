"""The director: from requests (an ID, a weight) to requests with leased clips, given to the player together.

Any thread but the animator's. Everything is found before anything is leased: what cannot be done is refused whole.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from visaged.capsules.clip import Clip
from visaged.capsules.clip_store import ClipStore
from visaged.capsules.errors import BusyError
from visaged.capsules.file.header import Header, Layer, Trigger
from visaged.capsules.file.ids import CapsuleKind
from visaged.capsules.library.catalogue import Entry
from visaged.capsules.library.tables import Modifiers
from visaged.capsules.playing.active_clip import ClipRequest, new_ticket
from visaged.capsules.playing.player import Player
from visaged.capsules.playing.side_effects import SideEffects
from visaged.capsules.playing.timeline import Matches
from visaged.clock import NS_PER_MS, now_ns

# What is weaker than this is not seen (origin document).
MIN_WEIGHT: Final = 0.05
# After this a capsule that had to be loaded first would be out of place.
_STALE_NS: Final = 2000 * NS_PER_MS
_FIXED_LAYERS: Final[dict[CapsuleKind, Layer]] = {CapsuleKind.LOOP: "base", CapsuleKind.LINE: "line"}

State = Literal["cached", "loading", "unknown"]


@dataclass(frozen=True)
class PlayRequest:
    """A capsule as a command names it."""

    cid: str
    weight: float = 1.0
    layer: Layer | None = None
    offset_ms: int = 0
    at_ns: int | None = None
    """CLOCK_MONOTONIC; None: now."""
    own_trigger: bool = False
    """Whether the capsule's own trigger and probability count."""
    trigger: Trigger | None = None
    owner: str = ""
    fallback: str | None = None


@dataclass(frozen=True)
class PlayResult:
    """What became of a request."""

    ticket: int
    cid: str
    state: State
    """cached: on its way to the next tick. loading: its fallback is shown meanwhile. unknown: its fallback is shown."""
    asked: str = ""
    """The ID that was asked for; another than ``cid`` when that is its fallback."""


class Director:
    """Resolves requests. ``refused`` counts requests beyond what is carried out per moment."""

    def __init__(
        self, clip_store: ClipStore, player: Player, side_effects: SideEffects, clock: Callable[[], int] = now_ns
    ) -> None:
        self._clip_store = clip_store
        self._player = player
        self._side_effects = side_effects
        self._clock = clock
        self._loading: dict[int, ClipRequest] = {}
        self._lock = threading.Lock()  # commands come from MQTT, HTTP and the socket at once
        self.refused = 0

    def play(
        self, requests: Sequence[PlayRequest], modifiers: Modifiers, instead_of: Matches | None = None
    ) -> list[PlayResult]:
        """Start ``requests`` together, and let what ``instead_of`` matches fade out.

        Raises BusyError in a flood, UnknownError when an ID has not even a fallback; nothing is done then.
        """
        wanted = [request for request in requests if request.weight >= MIN_WEIGHT]
        asked_ns = self._clock()
        with self._lock:
            self.refuse_flood()
            found = [self._clip_store.find(request.cid, request.fallback) for request in wanted]
            starting: list[ClipRequest] = []
            played = []
            for asked, (entry, known) in zip(wanted, found, strict=True):
                request = _request(asked, entry.header, modifiers, asked_ns)
                clip = self._clip_store.lease(entry)
                if clip is not None:
                    starting.append(replace(request, clip=clip))
                else:
                    starting += self._meanwhile(request, entry)
                state: State = "unknown" if not known else "loading" if clip is None else "cached"
                played.append(PlayResult(request.ticket, request.cid, state, asked.cid))
            if instead_of is not None:
                self._player.stop(instead_of)
            if starting:
                self._player.start(starting)
        return played

    def stop(self, matches: Matches, fade_ms: int | None = None) -> None:
        """Fade out what matches, and forget what is still loading. Raises BusyError."""
        with self._lock:
            self.refuse_flood()
            self._loading = {key: request for key, request in self._loading.items() if not matches(request)}
            self._player.stop(matches, fade_ms)

    def with_clip(self, entry: Entry, use: Callable[[Clip], None]) -> None:
        """Call ``use`` with a lease of ``entry``: now, or on the loader's thread when it is loaded."""
        clip = self._clip_store.lease(entry)
        if clip is not None:
            use(clip)
        else:
            self._clip_store.fetch(entry, lambda loaded: None if loaded is None else use(loaded))

    def refuse_flood(self) -> None:
        """Raises BusyError when the player has as many commands waiting as it takes."""
        if self._player.full:
            self.refused += 1
            raise BusyError("", "request", "too many requests at once; fewer than 400 per second are accepted")

    def _meanwhile(self, request: ClipRequest, entry: Entry) -> list[ClipRequest]:
        """Have ``entry`` loaded; what is shown until then."""
        self._side_effects.notify({"kind": "capsule_miss", "cid": entry.cid, "ticket": request.ticket})
        fallback = self._clip_store.find(entry.header.fallback_cid).entry
        clip = self._clip_store.lease(fallback) if fallback.sha256 in self._clip_store.cache else None
        shown = [] if clip is None else [replace(request, ticket=new_ticket(), clip=clip)]
        request = replace(request, replaces=shown[0].ticket if shown else None)
        self._loading[request.ticket] = request
        asked_ns = self._clock()
        if not self._clip_store.fetch(entry, lambda loaded: self._loaded(request, asked_ns, loaded)):
            del self._loading[request.ticket]
            self.refused += 1
        return shown

    def _loaded(self, request: ClipRequest, asked_ns: int, clip: Clip | None) -> None:
        """The loader's thread: what was missing is on the device now, or cannot be."""
        with self._lock:
            wanted = self._loading.pop(request.ticket, None) is not None
            if clip is None:
                return
            # A base loop is never too late.
            late = self._clock() - asked_ns > _STALE_NS and request.layer != "base"
            if wanted and not late and not self._player.full:
                self._player.start([replace(request, clip=clip, at_ns=max(request.at_ns or 0, self._clock()))])
            else:
                self.refused += wanted
                self._clip_store.release(clip)


def _request(request: PlayRequest, header: Header, modifiers: Modifiers, asked_ns: int) -> ClipRequest:
    return ClipRequest(
        ticket=new_ticket(),
        clip=Clip(header, ""),
        layer=request.layer or _FIXED_LAYERS.get(header.kind, header.layer),
        weight=request.weight,
        at_ns=request.at_ns or asked_ns,
        offset_ns=request.offset_ms * NS_PER_MS,
        trigger=request.trigger or (header.trigger if request.own_trigger else None),
        tempo=modifiers.tempo_factor,
        jitter=modifiers.noise_jitter,
        probability=header.probability if request.own_trigger else 1.0,
        owner=request.owner,
    )
