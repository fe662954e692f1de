"""Gestures of a context: what comes back while the avatar listens, thinks, reads. The animator's thread only."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from visaged.capsules.clip import Clip
from visaged.capsules.library.catalogue import Entry
from visaged.capsules.library.tables import Context, RecurringGesture
from visaged.capsules.playing.active_clip import ClipRequest, new_ticket
from visaged.clock import NS_PER_S


@dataclass
class Recurring:
    """A request that is made again and again."""

    template: ClipRequest
    every_s: float
    next_ns: int = 0

    @classmethod
    def of(cls, gesture: RecurringGesture, entry: Entry, context: Context, tempo: float, owner: str) -> Recurring:
        """What a table says of one gesture of ``context``; the clip is put in when it is loaded."""
        template = ClipRequest(
            ticket=0,
            clip=Clip(entry.header, ""),
            layer="gesture",
            weight=gesture.weight,
            tempo=tempo,
            jitter=context.jitter,
            probability=gesture.probability,
            abort_probability=gesture.abort_probability,
            owner=owner,
        )
        return cls(template, gesture.every_s)


class Gestures:
    """Makes the requests of the context that is set; at most one is due per tick and gesture."""

    def __init__(self, generator: random.Random) -> None:
        self._generator = generator
        self._recurring: list[Recurring] = []

    def add(self, gesture: Recurring, now_ns: int) -> None:
        """Let ``gesture`` come back from now on."""
        # A random phase: what is set together must not move together.
        gesture.next_ns = now_ns + int(gesture.every_s * self._generator.uniform(0.3, 1.0) * NS_PER_S)
        self._recurring.append(gesture)

    def withdraw(self, matches: Callable[[ClipRequest], bool]) -> list[ClipRequest]:
        """Let what matches come back no more; returns the templates (their leases go)."""
        gone = [gesture.template for gesture in self._recurring if matches(gesture.template)]
        self._recurring = [gesture for gesture in self._recurring if not matches(gesture.template)]
        return gone

    def due(self, now_ns: int) -> list[ClipRequest]:
        """The requests whose time has come."""
        requests = []
        for gesture in self._recurring:
            if gesture.next_ns > now_ns:
                continue
            jitter = gesture.template.jitter
            wait_s = gesture.every_s * (1 + self._generator.uniform(-jitter, jitter))
            gesture.next_ns = now_ns + int(wait_s * NS_PER_S)
            requests.append(replace(gesture.template, ticket=new_ticket()))
        return requests
