"""Commands about capsules: the ID packet, play, stop, the cache, packs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from visaged.control.protocol.commands.download import FETCH_S, Download
from visaged.control.protocol.envelope import Data, Nothing, QuickCommand, Request, SlowCommand
from visaged.id_packet import MAX_PACKET_BYTES, Cid, CidOrEvent, IdPacket, LayerName
from visaged.text_form import Sha256, form

# An ID packet is under 1 KB; the envelope (transaction, expires_at) comes on top.
_PACKET_BYTES = MAX_PACKET_BYTES + 256
# 64 ids of 37 characters and their quotes.
Cids = Annotated[tuple[Cid, ...], Field(min_length=1, max_length=64)]


class PacketRequest(IdPacket, Request):
    """An ID packet: which capsules, how strongly, when."""


class PlayedCapsule(Data):
    """One capsule that starts."""

    ticket: int = Field(description="Names this playing of it; capsule.stop takes it")
    cid: str
    state: Literal["cached", "loading", "unknown"] = Field(
        description="cached: shown with the next tick. loading: its fallback is shown meanwhile. unknown: its fallback"
    )
    asked: str | None = Field(default=None, description="The id that was asked for, when cid is its fallback")


class Played(Data):
    """What starts; an event starts several."""

    played: tuple[PlayedCapsule, ...]


class CapsulePlay(Request):
    """Show one capsule, or the event of a table row (``E_…``)."""

    cid: CidOrEvent
    weight: float = Field(default=1.0, ge=0, le=2)
    delay_ms: int = Field(default=0, ge=0, le=60_000, description="Start this much later")
    layer: LayerName | None = Field(default=None, description="null: the capsule's own")


class CapsuleStop(Request):
    """Fade out what fits all that is given; everything but the base loop when nothing is."""

    cid: Cid | None = None
    ticket: int | None = Field(default=None, ge=0)
    layer: LayerName | None = None
    fade_ms: int | None = Field(default=None, ge=0, le=5000, description="null: as the capsule says")


class CapsulePrefetch(Request):
    """Bring capsules to the device before they are needed."""

    cids: Cids


class CapsulePin(Request):
    """Bring capsules to the device and keep them there."""

    cids: Cids


class CapsuleUnpin(Request):
    """Let pinned capsules be evicted again."""

    cids: Cids


class CacheState(Data):
    """The device cache after a command."""

    cached: int = Field(ge=0)
    used_mib: float = Field(ge=0)
    pinned_mib: float = Field(ge=0)
    cap_mib: float = Field(ge=0)


class CapsuleList(Request):
    """A page of the library."""

    prefix: Annotated[str, form(r"^[A-Z0-9_]{0,37}$", "up to 37 of A-Z 0-9 _, such as VF_")] = Field(
        default="", description="Ids that begin so: VF_"
    )
    tag: str | None = Field(default=None, max_length=64)
    offset: int = Field(default=0, ge=0, le=1_000_000)
    limit: int = Field(default=100, ge=1, le=200)


class CapsuleEntry(Data):
    """One capsule of the library."""

    cid: str
    title: str
    layer: str = Field(description="cue, voice: it moves no curve")
    duration_ms: int
    loop: bool
    tags: tuple[str, ...] = ()


class CapsuleListed(Data):
    """A page of the library, by id."""

    total: int = Field(ge=0, description="How many match")
    capsules: tuple[CapsuleEntry, ...]


class PackInstall(Download):
    """Fetch, verify and install a capsule pack signed by a key that this box trusts."""


class PackRemove(Request):
    """Take a pack out of the library, or a capsule that was imported on this box."""

    name: str = Field(min_length=1, max_length=64, description="Name of a pack, or ID of an imported capsule")


class PackRevoke(Request):
    """Stop using a pack, or all packs of a key, now and in future; pack.unrevoke lets them be used again."""

    pack: str | None = Field(default=None, min_length=1, max_length=96, description="name or name@version")
    key: Sha256 | None = Field(default=None, description="Or the fingerprint of the key that signed the packs")

    @model_validator(mode="after")
    def _one_of_them(self) -> PackRevoke:
        if (self.pack is None) == (self.key is None):
            raise ValueError("expected either pack or key")
        return self


class PackChanged(Data):
    """What the library no longer has, or has again."""

    removed: tuple[str, ...] = Field(default=(), description="IDs that are gone, at most 200 of them")
    added: tuple[str, ...] = Field(default=(), description="IDs that are there again, at most 200 of them")


class PackInstalled(Data):
    """The pack as it is now in the library."""

    name: str
    version: str
    capsules: int = Field(ge=0)


PACKET = QuickCommand(
    "packet",
    "An ID packet",
    PacketRequest,
    Played,
    '{"transaction": "t11", "video_blend": [{"cid": "VF_BROW_FLASH", "weight": 0.68}], "context": "listening", '
    '"emotion": {"valence": 0.72, "arousal": 0.33, "dominance": 0.0}, "fallback_cid": "VF_NEUTRAL"}',
    max_bytes=_PACKET_BYTES,
)
CAPSULE_PLAY = QuickCommand(
    "capsule.play", "Show a capsule", CapsulePlay, Played, '{"transaction": "t12", "cid": "VF_BROW_FLASH"}'
)
CAPSULE_STOP = QuickCommand("capsule.stop", "Fade capsules out", CapsuleStop, Nothing, '{"transaction": "t13"}')
CAPSULE_PREFETCH = QuickCommand(
    "capsule.prefetch",
    "Bring capsules to the device",
    CapsulePrefetch,
    CacheState,
    '{"transaction": "t14", "cids": ["VF_BROW_FLASH"]}',
)
CAPSULE_PIN = QuickCommand(
    "capsule.pin",
    "Keep capsules on the device",
    CapsulePin,
    CacheState,
    '{"transaction": "t15", "cids": ["VF_BROW_FLASH"]}',
)
CAPSULE_UNPIN = QuickCommand(
    "capsule.unpin",
    "Let capsules be evicted again",
    CapsuleUnpin,
    CacheState,
    '{"transaction": "t16", "cids": ["VF_BROW_FLASH"]}',
)
CAPSULE_LIST = QuickCommand(
    "capsule.list",
    "A page of the library",
    CapsuleList,
    CapsuleListed,
    '{"transaction": "t17", "prefix": "VF_", "limit": 20}',
)
PACK_INSTALL = SlowCommand(
    "pack.install",
    "Fetch and install a signed capsule pack",
    PackInstall,
    PackInstalled,
    '{"transaction": "t18", "url": "https://packs.example/starter-1.1.0.pack", "sha256": "' + "0" * 64 + '"}',
    patience_s=FETCH_S,
)
PACK_REMOVE = SlowCommand(
    "pack.remove",
    "Remove a pack or an imported capsule",
    PackRemove,
    PackChanged,
    '{"transaction": "t27", "name": "brand"}',
)
PACK_REVOKE = SlowCommand(
    "pack.revoke", "Stop using a pack", PackRevoke, PackChanged, '{"transaction": "t28", "pack": "brand@1.0"}'
)
PACK_UNREVOKE = SlowCommand(
    "pack.unrevoke", "Use a revoked pack again", PackRevoke, PackChanged, '{"transaction": "t29", "pack": "brand@1.0"}'
)
