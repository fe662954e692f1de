"""The commands about capsules: an ID packet, the player, the cache, the library."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from visaged.app.commands.errors import capsule_refusals
from visaged.capsules.file.ids import EVENT_PREFIX
from visaged.capsules.library import install, removal
from visaged.capsules.library.library import Library
from visaged.capsules.playing.director import PlayResult
from visaged.capsules.playing.play_requests import check_layer
from visaged.capsules.service import Capsules
from visaged.clock import NS_PER_MS, now_ns
from visaged.control.protocol.commands import capsules as c
from visaged.control.protocol.envelope import Nothing
from visaged.control.protocol.refusal import Refusal
from visaged.control.registry import Progress, Registry

# An answer stays within what a broker carries.
_MOST_IDS: Final = 200


class CapsuleCommands:
    """Control thread; ``pack_*``: worker."""

    def __init__(self, capsules: Capsules) -> None:
        self._capsules = capsules

    def serve(self, registry: Registry) -> None:
        """Register them."""
        registry.serve(c.PACKET, self.packet)
        registry.serve(c.CAPSULE_PLAY, self.capsule_play)
        registry.serve(c.CAPSULE_STOP, self.capsule_stop)
        registry.serve(c.CAPSULE_PREFETCH, self.capsule_prefetch)
        registry.serve(c.CAPSULE_PIN, self.capsule_pin)
        registry.serve(c.CAPSULE_UNPIN, self.capsule_unpin)
        registry.serve(c.CAPSULE_LIST, self.capsule_list)
        registry.serve(c.PACK_REMOVE, self.pack_remove)
        registry.serve(c.PACK_REVOKE, self.pack_revoke)
        registry.serve(c.PACK_UNREVOKE, self.pack_unrevoke)

    def packet(self, request: c.PacketRequest) -> c.Played:
        """An ID packet."""
        if request.tts_text:
            message = "nothing on this box speaks text yet; play a spoken line (VL_…) instead, or leave it empty"
            raise Refusal("unavailable", message, "tts_text")
        with capsule_refusals():
            return _played(self._capsules.packet(request))

    def capsule_play(self, request: c.CapsulePlay) -> c.Played:
        """One capsule or one event."""
        with capsule_refusals():
            at_ns = now_ns() + request.delay_ms * NS_PER_MS if request.delay_ms else None
            if request.cid.startswith(EVENT_PREFIX):
                return _played(self._capsules.event(request.cid, request.weight, at_ns=at_ns))
            layer = check_layer(request.layer)
            return _played([self._capsules.play(request.cid, request.weight, layer=layer, at_ns=at_ns)])

    def capsule_stop(self, request: c.CapsuleStop) -> Nothing:
        """Fade out what fits."""
        with capsule_refusals():
            layer = check_layer(request.layer)
            self._capsules.stop_playing(request.cid, request.ticket, layer, request.fade_ms)
        return Nothing()

    def capsule_prefetch(self, request: c.CapsulePrefetch) -> c.CacheState:
        """Load ahead."""
        with capsule_refusals():
            self._capsules.prefetch(request.cids)
        return self._cache_state()

    def capsule_pin(self, request: c.CapsulePin) -> c.CacheState:
        """Keep on the device; all or none."""
        pinned: list[str] = []
        with capsule_refusals():
            try:
                for cid in request.cids:
                    self._capsules.pin(cid)
                    pinned.append(cid)
            except BaseException:
                for cid in pinned:
                    self._capsules.unpin(cid)
                raise
        return self._cache_state()

    def capsule_unpin(self, request: c.CapsuleUnpin) -> c.CacheState:
        """Let go."""
        with capsule_refusals():
            for cid in request.cids:
                self._capsules.unpin(cid)
        return self._cache_state()

    def capsule_list(self, request: c.CapsuleList) -> c.CapsuleListed:
        """A page of the library."""
        matching = [
            (entry, header)
            for entry in self._capsules.installed()
            if entry.cid.startswith(request.prefix)
            for header in (entry.header,)
            if request.tag is None or request.tag in header.tags
        ]
        page = matching[request.offset : request.offset + request.limit]
        return c.CapsuleListed(
            total=len(matching),
            capsules=tuple(
                c.CapsuleEntry(
                    cid=entry.cid,
                    title=header.title,
                    layer=header.shown_in,
                    duration_ms=header.duration_ms,
                    loop=header.loop,
                    tags=header.tags,
                )
                for entry, header in page
            ),
        )

    def pack_remove(self, request: c.PackRemove, progress: Progress) -> c.PackChanged:
        """A pack, or a capsule that was imported here."""
        return self._change(lambda library: removal.remove(library, request.name))

    def pack_revoke(self, request: c.PackRevoke, progress: Progress) -> c.PackChanged:
        """Not to be used, now and in future."""
        return self._change(lambda library: install.revoke(library, request.pack or "", request.key or ""))

    def pack_unrevoke(self, request: c.PackRevoke, progress: Progress) -> c.PackChanged:
        """To be used again."""
        return self._change(lambda library: removal.unrevoke(library, request.pack or "", request.key or ""))

    def _change(self, change: Callable[[Library], object]) -> c.PackChanged:
        before = {entry.cid for entry in self._capsules.installed()}
        with capsule_refusals():
            self._capsules.change_library(change)
        after = {entry.cid for entry in self._capsules.installed()}
        return c.PackChanged(
            removed=tuple(sorted(before - after)[:_MOST_IDS]), added=tuple(sorted(after - before)[:_MOST_IDS])
        )

    def _cache_state(self) -> c.CacheState:
        return c.CacheState.model_validate(
            {key: self._capsules.statistics()[key] for key in ("cached", "used_mib", "pinned_mib", "cap_mib")}
        )


def _played(playing: Sequence[PlayResult]) -> c.Played:
    return c.Played(
        played=tuple(
            c.PlayedCapsule(
                ticket=one.ticket, cid=one.cid, state=one.state, asked=None if one.asked in ("", one.cid) else one.asked
            )
            for one in playing
        )
    )
