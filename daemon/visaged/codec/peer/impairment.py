"""A bad network, simulated: messages are lost, held up, overtaken and doubled, the same way for the same seed."""

from __future__ import annotations

import heapq
import itertools
import random
from dataclasses import dataclass
from typing import Final

from visaged.clock import NS_PER_MS

# A message that is overtaken comes after the next one, at least.
_OVERTAKEN_MS: Final = 100.0


@dataclass(frozen=True)
class Impairment:
    """How bad the network is."""

    loss: float = 0.0
    """Share of messages that are lost, 0..1."""
    jitter_ms: float = 0.0
    """Each message is held up by 0 to this, at random."""
    reorder: float = 0.0
    """Share of messages that are held up by 100 ms more, so that the next overtakes them."""
    duplicate: float = 0.0
    """Share of messages that come twice, each with a delay of its own."""


class BadNetwork:
    """Messages on their way. The caller brings the time; one thread."""

    def __init__(self, impairment: Impairment, seed: int = 0) -> None:
        self._impairment = impairment
        self._random = random.Random(seed)
        self._order = itertools.count()
        self._on_the_way: list[tuple[int, int, bytes]] = []
        self.lost = 0
        """Messages that were lost."""

    def send(self, message: bytes, now_ns: int) -> None:
        """Let ``message`` set out."""
        how, chance = self._impairment, self._random
        if chance.random() < how.loss:
            self.lost += 1
            return
        for _ in range(2 if chance.random() < how.duplicate else 1):
            delay_ms = chance.uniform(0, how.jitter_ms) + _OVERTAKEN_MS * (chance.random() < how.reorder)
            due_ns = now_ns + round(delay_ms * NS_PER_MS)
            heapq.heappush(self._on_the_way, (due_ns, next(self._order), message))

    def arrived(self, now_ns: int) -> list[bytes]:
        """What has come by ``now_ns``, in its order."""
        messages = []
        while self._on_the_way and self._on_the_way[0][0] <= now_ns:
            messages.append(heapq.heappop(self._on_the_way)[2])
        return messages

    def next_ns(self) -> int | None:
        """When the next message comes; None: none is on its way."""
        return self._on_the_way[0][0] if self._on_the_way else None
