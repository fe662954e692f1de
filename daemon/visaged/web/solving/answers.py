"""What is kept of solved sounds: by content, bounded in bytes, the least recently used gives way, old ones expire."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel, Field

MAX_BYTES: Final = 64 << 20
TTL_S: Final = 24 * 3600.0


class CacheStats(BaseModel):
    """The cache of solved sounds."""

    entries: int
    bytes: int
    max_bytes: int
    ttl_s: float
    hits: int = Field(description="Since the start, like the following")
    misses: int
    evictions: int = Field(description="Gave way to newer ones")
    expired: int


@dataclass(frozen=True)
class _Entry:
    answer: bytes
    until_s: float


class AnswerCache:
    """Key (text, a digest) -> answer (bytes). One thread."""

    def __init__(
        self, max_bytes: int = MAX_BYTES, ttl_s: float = TTL_S, clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._max_bytes = max_bytes
        self._ttl_s = ttl_s
        self._clock_s = clock_s
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._bytes = self._hits = self._misses = self._evictions = self._expired = 0

    def get(self, key: str) -> bytes | None:
        """The answer, when there is one; counts."""
        self._expire()
        entry = self._entries.get(key)
        if entry is None:
            self._misses += 1
            return None
        self._hits += 1
        self._entries.move_to_end(key)
        return entry.answer

    def put(self, key: str, answer: bytes) -> None:
        """Keep an answer; one that is larger than all of the room is not kept."""
        self._drop(key)
        if len(answer) > self._max_bytes:
            return
        self._entries[key] = _Entry(answer, self._clock_s() + self._ttl_s)
        self._bytes += len(answer)
        while self._bytes > self._max_bytes:
            self._drop(next(iter(self._entries)))
            self._evictions += 1

    def clear(self) -> int:
        """Forget everything; returns how many there were."""
        count = len(self._entries)
        self._entries.clear()
        self._bytes = 0
        return count

    def stats(self) -> CacheStats:
        """The figures now."""
        self._expire()
        return CacheStats(
            entries=len(self._entries),
            bytes=self._bytes,
            max_bytes=self._max_bytes,
            ttl_s=self._ttl_s,
            hits=self._hits,
            misses=self._misses,
            evictions=self._evictions,
            expired=self._expired,
        )

    def _expire(self) -> None:
        now_s = self._clock_s()
        for key in [key for key, entry in self._entries.items() if entry.until_s <= now_s]:
            self._drop(key)
            self._expired += 1

    def _drop(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._bytes -= len(entry.answer)
