"""The clip_store: from an ID to a clip that can be shown. Library, device cache and loader together.

Any thread but the animator's.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from visaged.capsules.cache import CacheStatistics, DeviceCache
from visaged.capsules.clip import Clip
from visaged.capsules.errors import CapsuleError, UnknownError
from visaged.capsules.file.ids import NEUTRAL, NEUTRAL_LOOP, CapsuleKind, kind_of
from visaged.capsules.library.catalogue import Entry
from visaged.capsules.library.library import Library
from visaged.capsules.loader import Loader, TokenDecoder
from visaged.inference.memory import Allocator, Slab
from visaged.problems import Problems

log = logging.getLogger(__name__)

# What is likely next is fetched at the start, but the larger part stays free for what is asked for.
_PREFETCH_SHARE: Final = 0.5
_MIB: Final = 1 << 20
_NO_TENSORS: Final = (CapsuleKind.CUE, CapsuleKind.VOICE)


class Found(NamedTuple):
    """What an ID led to."""

    entry: Entry
    known: bool
    """False: the ID is not installed, ``entry`` is its fallback."""


class ClipStore:
    """Entries and leases by ID. ``unknown`` counts IDs that are not installed."""

    def __init__(
        self,
        library: Library,
        slab: Slab,
        changed: Callable[[set[str]], None],
        ttl_s: float | None = None,
        decoder: TokenDecoder | None = None,
        *,
        problems: Problems | None = None,
    ) -> None:
        """``changed(gone)`` hears that the library changed, and of the hashes that must not be shown any more."""
        self.library = library
        self.cache = DeviceCache(slab, ttl_s)
        self.loader = Loader(library, self.cache, decoder, self.look, problems)
        self.unknown = 0
        self._slab = slab
        self._problems = problems or Problems()
        self._changed = changed
        self._pinned: set[str] = set()

    def open(self, pinned: Iterable[str]) -> None:
        """Load the library and the pinned set, then start loading ahead.

        Raises CapsuleError when the pinned set does not fit the cap.
        """
        self.library.load()
        self._tell_faults()
        for cid in (NEUTRAL, NEUTRAL_LOOP, *pinned):
            if cid in self.library.catalogue.entries:
                self.pin(cid)
            else:
                log.warning("capsules.pinned: %s is not installed", cid)
        self.loader.start()
        self._prefetch_likely()

    def close(self) -> None:
        """Stop loading and give the device memory back."""
        self.loader.stop()
        self._slab.close()

    def find(self, cid: str, fallback: str | None = None) -> Found:
        """The entry of ``cid``; else of ``fallback``, else of VF_NEUTRAL. Raises UnknownError when there is none."""
        entries = self.library.catalogue.entries
        if cid in entries:
            return Found(entries[cid], True)
        self.unknown += 1
        for other in (fallback or NEUTRAL, NEUTRAL):
            if other in entries:
                return Found(entries[other], False)
        raise UnknownError(cid, "cid", f"is not installed, and neither is {NEUTRAL}; install a pack")

    def lease(self, entry: Entry) -> Clip | None:
        """A leased clip; None (and a miss counted) when it is not on the device."""
        if kind_of(entry.cid) in _NO_TENSORS:
            return Clip(entry.header, "")
        return self.cache.acquire(entry.sha256)

    def fetch(self, entry: Entry, done: Callable[[Clip | None], None]) -> bool:
        """Load ``entry`` ahead of all that is prefetched, then call ``done`` with a leased clip on the loader's thread.

        False when too much is waiting.
        """
        return self.loader.load(entry, lambda loaded: done(self._quiet_lease(entry) if loaded else None), urgent=True)

    def release(self, clip: Clip) -> None:
        """Give a lease back."""
        if clip.key:
            self.cache.release(clip)

    def prefetch(self, cids: Iterable[str]) -> int:
        """Load what is not on the device yet, in the background; how many. Raises UnknownError, nothing done."""
        entries = [self.library.entry(cid) for cid in cids]
        wanted = [e for e in entries if kind_of(e.cid) not in _NO_TENSORS and e.sha256 not in self.cache]
        return sum(self.loader.load(entry, _ignore, urgent=False) for entry in wanted)

    def pin(self, cid: str) -> None:
        """Load ``cid`` and keep it on the device. Raises UnknownError, or CapsuleError when it does not fit."""
        entry = self.library.entry(cid)
        if kind_of(cid) in _NO_TENSORS:
            return
        self.cache.pin(entry.sha256)
        if not self.loader.load_or_raise(entry):
            self.cache.unpin(entry.sha256)
            figures = self.cache.statistics()
            raise CapsuleError(
                cid,
                "capsules.pinned",
                f"does not fit: {figures.pinned_bytes} of {figures.cap_bytes} bytes are pinned and this takes about "
                f"{Allocator.rounded(entry.bytes)}; pin less or raise capsules.cache_mib",
            )
        self._pinned.add(cid)

    def unpin(self, cid: str) -> None:
        """Let ``cid`` be evicted again. Raises UnknownError; the last fallbacks stay pinned."""
        entry = self.library.entry(cid)
        if cid in (NEUTRAL, NEUTRAL_LOOP):
            raise CapsuleError(cid, "cid", "is the last fallback and stays pinned")
        self._pinned.discard(cid)
        self.cache.unpin(entry.sha256)

    def statistics(self) -> CacheStatistics:
        """The cache's figures."""
        return self.cache.statistics()

    def figures(self) -> dict[str, float | int | str]:
        """Its part of health's ``capsules`` section."""
        cache = self.cache.statistics()
        return {
            "installed": len(self.library.catalogue.entries),
            "cached": cache.entries,
            "used_mib": round(cache.used_bytes / _MIB, 3),
            "cap_mib": round(cache.cap_bytes / _MIB, 3),
            "pinned_mib": round(cache.pinned_bytes / _MIB, 3),
            "hits": cache.hits,
            "misses": cache.misses,
            "evictions": cache.evictions,
            "expired": cache.expired,
            "no_room": cache.refused,
            "fragmentation": round(cache.fragmentation, 3),
            "device": cache.device,
            "unknown": self.unknown,
            "load_failed": self.loader.failed,
        }

    def look(self) -> None:
        """See whether the library changed and what was unused for too long (the loader's thread, twice a second)."""
        before = self.library.catalogue.entries
        if self.library.refresh():
            self.take_over(before.values())
        self.cache.expire()

    def take_over(self, before: Iterable[Entry]) -> None:
        """The library was loaded again: drop what went, keep pinned what came in its place."""
        self._tell_faults()
        entries = self.library.catalogue.entries
        gone = {entry.sha256 for entry in before} - {entry.sha256 for entry in entries.values()}
        for key in gone:
            self.cache.remove(key)
        for cid in sorted(self._pinned):
            if cid in entries and entries[cid].sha256 not in self.cache:
                try:
                    self.pin(cid)
                except CapsuleError as error:
                    log.warning("%s", error)
        self._changed(gone)

    def _tell_faults(self) -> None:
        """What of the library cannot be used is a problem until it can, or is not there any more."""
        faults = self.library.own_tables.faults
        # Anew: another file may be damaged by now.
        self._problems.clear("capsule_tables")
        if faults:
            remedy = f"Mend or remove it in {self.library.tables_dir}; it is read again by itself"
            self._problems.open("capsule_tables", "; ".join(faults), remedy)
        refused = [words for words in self.library.catalogue.refused if words not in faults]
        self._problems.clear("capsule_library")
        if refused:
            remedy = "The rest is used. Mend or remove the file, or install its pack again: visaged capsules packs"
            self._problems.open("capsule_library", f"in the capsule library: {'; '.join(refused)}", remedy)

    def _quiet_lease(self, entry: Entry) -> Clip | None:
        return self.cache.acquire(entry.sha256) if entry.sha256 in self.cache else None

    def _prefetch_likely(self) -> None:
        """What tables name comes first, then whatever fits into half of the cap."""
        catalogue = self.library.catalogue
        named = [cid for event in catalogue.tables.events.values() for cid in (event.face, event.voice)]
        named += [blend.cid for profile in catalogue.tables.profiles.values() for blend in profile.capsules]
        for context in catalogue.tables.contexts.values():
            named += [context.base, *(gesture.cid for gesture in context.gestures)]
        left = self.cache.statistics().cap_bytes * _PREFETCH_SHARE
        chosen = []
        for cid in dict.fromkeys([cid for cid in named if cid is not None] + list(catalogue.entries)):
            entry = catalogue.entries.get(cid)
            if entry is None or kind_of(cid) in _NO_TENSORS:
                continue
            left -= entry.bytes
            if left < 0:
                break
            chosen.append(entry)
        self.loader.submit(lambda: self._load_all(chosen))

    def _load_all(self, entries: list[Entry]) -> None:
        """One job per capsule, each queued by the one before: what is asked for meanwhile goes first."""
        while entries and entries[0].sha256 in self.cache:
            entries.pop(0)
        if entries:
            self.loader.load_now(entries.pop(0))
            self.loader.submit(lambda: self._load_all(entries))


def _ignore(_loaded: bool) -> None:
    """Prefetching is nobody's business."""
