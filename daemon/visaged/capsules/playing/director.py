"""The director: from wishes (an ID, a weight) to requests with leased clips, given to the player together.

Any thread but the animator's. Everything is found before anything is leased: what cannot be done is refused whole.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from visaged.capsules.clip import Clip
from visaged.capsules.clip_store import Stock
from visaged.capsules.errors import BusyError
from visaged.capsules.file.header import Header, Layer, Trigger
from visaged.capsules.file.ids import Kind
from visaged.capsules.library.catalogue import Entry
from visaged.capsules.library.tables import Modifiers
from visaged.capsules.playing.active_clip import Request, new_ticket
from visaged.capsules.playing.player import Player
from visaged.capsules.playing.side_effects import Outbox
from visaged.capsules.playing.timeline import Matches
from visaged.clock import NS_PER_MS, now_ns

# What is weaker than this is not seen (origin document).
MIN_WEIGHT: Final = 0.05
# After this a capsule that had to be loaded first would be out of place.
_STALE_NS: Final = 2000 * NS_PER_MS
_FIXED_LAYERS: Final[dict[Kind, Layer]] = {Kind.LOOP: "base", Kind.LINE: "line"}

State = Literal["cached", "loading", "unknown"]


@dataclass(frozen=True)
class Wish:
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
class Played:
    """What became of a wish."""

    ticket: int
    cid: str
    state: State
    """cached: on its way to the next tick. loading: its fallback is shown meanwhile. unknown: its fallback is shown."""


class Director:
    """Resolves wishes. ``refused`` counts requests beyond what is carried out per moment."""

    def __init__(self, stock: Stock, player: Player, outbox: Outbox, clock: Callable[[], int] = now_ns) -> None:
        self._stock = stock
        self._player = player
        self._outbox = outbox
        self._clock = clock
        self._loading: dict[int, Request] = {}
        self._lock = threading.Lock()  # commands come from MQTT, HTTP and the socket at once
        self.refused = 0

    def play(self, wishes: Sequence[Wish], modifiers: Modifiers, instead_of: Matches | None = None) -> list[Played]:
        """Start ``wishes`` together, and let what ``instead_of`` matches fade out.

        Raises BusyError in a flood, UnknownError when an ID has not even a fallback; nothing is done then.
        """
        wishes = [wish for wish in wishes if wish.weight >= MIN_WEIGHT]
        asked_ns = self._clock()
        with self._lock:
            self.refuse_flood()
            found = [self._stock.find(wish.cid, wish.fallback) for wish in wishes]
            requests: list[Request] = []
            played = []
            for wish, (entry, known) in zip(wishes, found, strict=True):
                request = _request(wish, entry.header, modifiers, asked_ns)
                clip = self._stock.lease(entry)
                if clip is not None:
                    requests.append(replace(request, clip=clip))
                else:
                    requests += self._meanwhile(request, entry)
                state: State = "unknown" if not known else "loading" if clip is None else "cached"
                played.append(Played(request.ticket, wish.cid, state))
            if instead_of is not None:
                self._player.stop(instead_of)
            if requests:
                self._player.start(requests)
        return played

    def stop(self, matches: Matches, fade_ms: int | None = None) -> None:
        """Fade out what matches, and forget what is still loading. Raises BusyError."""
        with self._lock:
            self.refuse_flood()
            self._loading = {key: request for key, request in self._loading.items() if not matches(request)}
            self._player.stop(matches, fade_ms)

    def with_clip(self, entry: Entry, use: Callable[[Clip], None]) -> None:
        """Call ``use`` with a lease of ``entry``: now, or on the loader's thread when it is loaded."""
        clip = self._stock.lease(entry)
        if clip is not None:
            use(clip)
        else:
            self._stock.fetch(entry, lambda loaded: None if loaded is None else use(loaded))

    def refuse_flood(self) -> None:
        """Raises BusyError when the player has as many commands waiting as it takes."""
        if self._player.full:
            self.refused += 1
            raise BusyError("", "request", "too many requests at once; fewer than 400 per second are accepted")

    def _meanwhile(self, request: Request, entry: Entry) -> list[Request]:
        """Have ``entry`` loaded; what is shown until then."""
        self._outbox.notify({"kind": "capsule_miss", "cid": entry.cid, "ticket": request.ticket})
        fallback = self._stock.find(entry.header.fallback_cid).entry
        clip = self._stock.lease(fallback) if fallback.sha256 in self._stock.cache else None
        shown = [] if clip is None else [replace(request, ticket=new_ticket(), clip=clip)]
        request = replace(request, replaces=shown[0].ticket if shown else None)
        self._loading[request.ticket] = request
        asked_ns = self._clock()
        if not self._stock.fetch(entry, lambda loaded: self._loaded(request, asked_ns, loaded)):
            del self._loading[request.ticket]
            self.refused += 1
        return shown

    def _loaded(self, request: Request, asked_ns: int, clip: Clip | None) -> None:
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
                self._stock.release(clip)


def _request(wish: Wish, header: Header, modifiers: Modifiers, asked_ns: int) -> Request:
    return Request(
        ticket=new_ticket(),
        clip=Clip(header, ""),
        layer=wish.layer or _FIXED_LAYERS.get(header.kind, header.layer),
        weight=wish.weight,
        at_ns=wish.at_ns or asked_ns,
        offset_ns=wish.offset_ms * NS_PER_MS,
        trigger=wish.trigger or (header.trigger if wish.own_trigger else None),
        tempo=modifiers.tempo_factor,
        jitter=modifiers.noise_jitter,
        probability=header.probability if wish.own_trigger else 1.0,
        owner=wish.owner,
    )
