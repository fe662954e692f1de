"""The device cache: clips by content hash in one slab of device memory, least recently used out first.

Used from any thread but the animator's, which holds leases and never waits for this lock. What is leased or pinned is
never evicted; the cap is never exceeded by a byte, because the slab is the cap. Writing into the slab is done outside
the lock, into a piece that nobody else knows of yet.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from visaged.capsules.clip import Clip, mask_of
from visaged.capsules.file.capsule import Capsule, Pcm
from visaged.capsules.file.header import Header
from visaged.clock import NS_PER_S, now_ns
from visaged.curves import COUNT
from visaged.inference.memory import Allocator, Bytes, Slab

# Room is made before the slab is full, so that a load in a hurry finds a piece.
EVICT_FROM: Final = 0.9


@dataclass(frozen=True)
class CacheStatistics:
    """What the cache is and did since it was made."""

    device: str
    entries: int
    cap_bytes: int
    used_bytes: int
    pinned_bytes: int
    leased: int
    """Leases that are out."""
    hits: int
    misses: int
    evictions: int
    expired: int
    refused: int
    """Loads that found no room beside what is pinned and playing."""
    fragmentation: float
    """0: all that is free is one piece."""


@dataclass
class _Slot:
    header: Header
    offset: int
    size: int
    curves_bytes: int
    mask: NDArray[np.float32] | None
    used_ns: int
    leases: int = 0
    doomed: bool = False  # to be removed with the last lease
    clip: Clip | None = field(default=None, repr=False)


class DeviceCache:
    """Clips on a device, by content hash."""

    def __init__(
        self,
        slab: Slab,
        ttl_s: float | None = None,
        clock: Callable[[], int] = now_ns,
    ) -> None:
        """``ttl_s``: what was not used for so long is dropped by ``expire``."""
        self._slab = slab
        self._allocator = Allocator(slab.capacity)
        self._ttl_s = ttl_s
        self._clock = clock
        self._lock = threading.Lock()
        self._slots: OrderedDict[str, _Slot] = OrderedDict()  # least recently used first
        self._pinned: set[str] = set()
        self._hits = self._misses = self._evictions = self._expired = self._refused = 0

    def __contains__(self, key: str) -> bool:
        return key in self._slots

    def acquire(self, key: str) -> Clip | None:
        """Lease the clip ``key``, or count a miss. Give every lease back with ``release``."""
        with self._lock:
            slot = self._slots.get(key)
            if slot is None or slot.doomed:
                self._misses += 1
                return None
            self._hits += 1
            slot.leases += 1
            slot.used_ns = self._clock()
            self._slots.move_to_end(key)
            clip = slot.clip
        # A leased slot stays where it is, so reading it needs no lock.
        if clip is None:
            clip = slot.clip = self._clip(key, slot)
        return clip

    def release(self, clip: Clip) -> None:
        """Give a lease back."""
        with self._lock:
            slot = self._slots[clip.key]
            slot.leases -= 1
            if slot.leases == 0:
                if self._slab.device != "host":
                    slot.clip = None  # the copy that the CPU reads; a view costs nothing and is kept
                if slot.doomed:
                    self._remove(clip.key)

    def put(self, key: str, capsule: Capsule, pcm: Pcm | None = None) -> bool:
        """Copy a capsule (its voice as ``pcm``, if it has one) to the device; False when there is no room for it.

        Least recently used clips make room from 90 % of the cap on. Nothing is evicted for what cannot fit anyway.
        """
        curves = capsule.curves if capsule.curves is not None else np.empty((0, COUNT), np.float16)
        sound = pcm if pcm is not None else np.empty(0, np.int16)
        size = curves.nbytes + sound.nbytes
        with self._lock:
            if key in self._slots:
                self._slots[key].doomed = False
                return True
            offset = self._reserve(size)
        if offset is None:
            return False
        self._slab.write(offset, _bytes(curves))
        self._slab.write(offset + curves.nbytes, _bytes(sound))
        slot = _Slot(capsule.header, offset, size, curves.nbytes, mask_of(capsule), self._clock())
        with self._lock:
            if key in self._slots:  # another thread was quicker
                self._allocator.free(offset, size)
            else:
                self._slots[key] = slot
        return True

    def pin(self, key: str) -> None:
        """Never evict ``key`` from now on (it may be loaded later)."""
        with self._lock:
            self._pinned.add(key)

    def unpin(self, key: str) -> None:
        """Let ``key`` be evicted again."""
        with self._lock:
            self._pinned.discard(key)

    def remove(self, key: str) -> None:
        """Drop ``key`` (revoked); while it is leased, it is only hidden and goes with the last lease."""
        with self._lock:
            self._pinned.discard(key)
            slot = self._slots.get(key)
            if slot is None:
                return
            slot.doomed = True
            if slot.leases == 0:
                self._remove(key)

    def expire(self) -> int:
        """Drop what was not used for ``ttl_s`` and is neither pinned nor leased; how many that were."""
        if self._ttl_s is None:
            return 0
        with self._lock:
            oldest_ns = self._clock() - int(self._ttl_s * NS_PER_S)
            keys = [key for key in self._evictable() if self._slots[key].used_ns < oldest_ns]
            for key in keys:
                self._remove(key)
            self._expired += len(keys)
            return len(keys)

    def statistics(self) -> CacheStatistics:
        """The figures now."""
        with self._lock:
            pinned = [self._slots[key].size for key in self._pinned if key in self._slots]
            return CacheStatistics(
                device=self._slab.device,
                entries=len(self._slots),
                cap_bytes=self._slab.capacity,
                used_bytes=self._allocator.used,
                pinned_bytes=sum(map(Allocator.rounded, pinned)),
                leased=sum(slot.leases for slot in self._slots.values()),
                hits=self._hits,
                misses=self._misses,
                evictions=self._evictions,
                expired=self._expired,
                refused=self._refused,
                fragmentation=self._allocator.fragmentation,
            )

    def _reserve(self, size: int) -> int | None:
        wanted = Allocator.rounded(size)
        evictable = self._evictable()
        room = self._allocator.capacity - self._allocator.used
        room += sum(Allocator.rounded(self._slots[key].size) for key in evictable)
        if wanted > room:
            self._refused += 1
            return None
        for key in evictable:
            if self._allocator.used + wanted <= EVICT_FROM * self._allocator.capacity:
                break
            self._evict(key)
        # Enough bytes may still lie scattered: then more must go until a piece is large enough.
        offset = self._allocator.allocate(size)
        for key in evictable:
            if offset is not None:
                break
            if key in self._slots:
                self._evict(key)
                offset = self._allocator.allocate(size)
        if offset is None:
            self._refused += 1
        return offset

    def _evictable(self) -> list[str]:
        return [key for key, slot in self._slots.items() if slot.leases == 0 and key not in self._pinned]

    def _evict(self, key: str) -> None:
        self._remove(key)
        self._evictions += 1

    def _remove(self, key: str) -> None:
        slot = self._slots.pop(key)
        self._allocator.free(slot.offset, slot.size)

    def _clip(self, key: str, slot: _Slot) -> Clip:
        data = self._slab.read(slot.offset, slot.size)
        curves = data[: slot.curves_bytes].view(np.float16).reshape(-1, COUNT)
        pcm = data[slot.curves_bytes :].view(np.int16)
        return Clip(slot.header, key, curves if len(curves) else None, slot.mask, pcm if len(pcm) else None)


def _bytes(array: NDArray[np.float16] | NDArray[np.int16]) -> Bytes:
    return np.ascontiguousarray(array).view(np.uint8).reshape(-1)
