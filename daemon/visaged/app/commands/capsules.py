"""What the commands about capsules and mood do here (control/handlers.py: CapsuleHandlers, MoodHandlers)."""

from __future__ import annotations

from collections.abc import Sequence

from visaged.app.commands.errors import capsule_refusals
from visaged.capsules.file.ids import EVENT_PREFIX
from visaged.capsules.playing.director import PlayResult
from visaged.capsules.service import Capsules, check_layer
from visaged.clock import NS_PER_MS, now_ns
from visaged.control.protocol.commands import capsules as c
from visaged.control.protocol.commands import mood as m
from visaged.control.protocol.envelope import Nothing

_MIB = 1024 * 1024


class CapsuleCommands:
    """Control thread."""

    def __init__(self, capsules: Capsules) -> None:
        self._capsules = capsules

    def packet(self, request: c.PacketRequest) -> c.Played:
        """An ID packet."""
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
                    layer=header.layer,
                    duration_ms=header.duration_ms,
                    loop=header.loop,
                    tags=header.tags,
                )
                for entry, header in page
            ),
        )

    def _cache_state(self) -> c.CacheState:
        return c.CacheState.model_validate(
            {key: self._capsules.statistics()[key] for key in ("cached", "used_mib", "pinned_mib", "cap_mib")}
        )


class MoodCommands:
    """Control thread."""

    def __init__(self, capsules: Capsules) -> None:
        self._capsules = capsules

    def emotion_set(self, request: m.EmotionSet) -> m.Mood:
        """Move the emotion; what is left out stays as it is."""
        now = self._capsules.emotion()
        asked = (request.valence, request.arousal, request.dominance)
        valence, arousal, dominance = (old if new is None else new for new, old in zip(asked, now, strict=True))
        self._capsules.set_emotion((valence, arousal, dominance))
        return self.mood()

    def profile_set(self, request: m.ProfileSet) -> m.Mood:
        """Choose a composition."""
        with capsule_refusals():
            self._capsules.set_profile(request.profile or "")
        return self.mood()

    def context_set(self, request: m.ContextSet) -> m.Mood:
        """Say what the avatar does."""
        with capsule_refusals():
            self._capsules.set_context(request.context or "")
        return self.mood()

    def mood(self) -> m.Mood:
        """The state now."""
        valence, arousal, dominance = self._capsules.emotion()
        figures = self._capsules.statistics()
        return m.Mood(
            valence=round(valence, 4),
            arousal=round(arousal, 4),
            dominance=round(dominance, 4),
            profile=str(figures["profile"]) or None,
            context=str(figures["context"]) or None,
        )


def _played(playing: Sequence[PlayResult]) -> c.Played:
    return c.Played(played=tuple(c.PlayedCapsule(ticket=one.ticket, cid=one.cid, state=one.state) for one in playing))
