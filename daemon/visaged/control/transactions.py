"""Answers given lately, so that a request that comes twice is carried out once. Control thread and worker, locked."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from visaged.clock import NS_PER_S

Reply = Callable[[bytes], None]

# MQTT redelivers after a reconnect, a person clicks again: a minute covers both.
REMEMBER_NS: Final = 60 * NS_PER_S
# A minute at the full rate (dispatcher.RATE_PER_S) is 7,200; the bytes bound what large answers may hold.
MAX_ENTRIES: Final = 8192
MAX_BYTES: Final = 4 << 20
# Askers waiting for the end of one slow command; more are told that it is busy.
MAX_WAITING: Final = 8

Key = tuple[str, str]
"""(command, transaction)"""


@dataclass
class _Entry:
    digest: bytes
    since_ns: int
    answer: bytes | None = None
    waiting: list[Reply] = field(default_factory=list)


class Transactions:
    """Remembers (command, transaction) for a minute, bounded in number and bytes; the oldest go first."""

    def __init__(self) -> None:
        self._entries: OrderedDict[Key, _Entry] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._entries)

    def begin(self, key: Key, digest: bytes, reply: Reply, now_ns: int) -> bytes | bool | None:
        """Take note of a request.

        Returns None when it is new (carry it out, then ``finish`` or ``forget``), its answer when it was carried out,
        True when it is being carried out and ``reply`` will be called at its end, False when it must be refused: the
        same transaction with another content (``digest``), or too many waiting.
        """
        with self._lock:
            self._expire(now_ns)
            entry = self._entries.get(key)
            if entry is None:
                self._entries[key] = _Entry(digest, now_ns)
                return None
            if entry.digest != digest:
                return False
            if entry.answer is not None:
                return entry.answer
            if len(entry.waiting) >= MAX_WAITING:
                return False
            entry.waiting.append(reply)
            return True

    def finish(self, key: Key, answer: bytes) -> list[Reply]:
        """Keep the answer; returns those who asked again meanwhile and are to be given it too."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return []
            entry.answer = answer
            self._bytes += len(answer)
            waiting, entry.waiting = entry.waiting, []
            return waiting

    def forget(self, key: Key) -> list[Reply]:
        """The request was not carried out and may be sent again; returns who waits."""
        with self._lock:
            entry = self._entries.pop(key, None)
            return entry.waiting if entry else []

    def _expire(self, now_ns: int) -> None:
        for _ in range(len(self._entries)):
            key, entry = next(iter(self._entries.items()))
            if entry.answer is None:
                # Still being carried out (a handful of slow ones): those who wait must get their answer.
                self._entries.move_to_end(key)
                continue
            young = now_ns - entry.since_ns <= REMEMBER_NS
            if young and len(self._entries) < MAX_ENTRIES and self._bytes <= MAX_BYTES:
                return
            del self._entries[key]
            self._bytes -= len(entry.answer)
