"""A box without a face: handlers for every command that note what was asked and answer plausibly."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from tests.patience import PATIENCE_S
from visaged.control.dispatcher import Dispatcher
from visaged.control.local.rate import RateLimit
from visaged.control.protocol.commands import COMMANDS, capsules, config, device, face, models, mood, recording
from visaged.control.protocol.envelope import Nothing, Request
from visaged.control.protocol.events import Events
from visaged.control.protocol.health_model import Health
from visaged.control.protocol.refusal import Refusal
from visaged.control.registry import Progress, Registry
from visaged.metrics import Metrics

_MOOD = mood.Mood(valence=0.7, arousal=0.3, dominance=0.0, profile=None, context="listening")
_CACHE = capsules.CacheState(cached=1, used_mib=0.1, pinned_mib=0.1, cap_mib=64.0)

_TAKE = recording.Take(
    name="greeting",
    file="/tmp/greeting.csv",
    running=False,
    fps="60",
    frames=60,
    seconds=1.0,
    bytes=48_000,
    time=datetime.now(timezone.utc),
)


def _played(*cids: str) -> capsules.Played:
    return capsules.Played(played=tuple(capsules.PlayedCapsule(ticket=1, cid=cid, state="cached") for cid in cids))


@dataclass
class FakeBox:
    """Answers every command; ``asked`` holds the requests in order."""

    asked: list[Request] = field(default_factory=list)
    release: threading.Event = field(default_factory=threading.Event)
    """Slow commands wait for it; set unless a test clears it."""

    def __post_init__(self) -> None:
        self.release.set()

    def ping(self, request: device.Ping) -> device.Pong:
        self.asked.append(request)
        return device.Pong(version="0.1.0", uptime_s=1.0, time=datetime.now(timezone.utc))

    def health_get(self, request: device.HealthGet) -> Health:
        self.asked.append(request)
        return Health(state="online", time=datetime.now(timezone.utc), uptime_s=1.0, version="0.1.0")

    def selftest(self, request: device.SelfTest, progress: Progress) -> device.SelfTested:
        self.asked.append(request)
        progress("clock", 50.0)
        assert self.release.wait(PATIENCE_S)
        return device.SelfTested(passed=True, checks=(device.Check(name="clock", result="ok", message="set"),))

    def restart(self, request: device.Restart) -> Nothing:
        self.asked.append(request)
        return Nothing()

    def snapshot(self, request: device.Snapshot) -> device.Curves:
        self.asked.append(request)
        return device.Curves(fps="60", frames=0, names=("JawOpen",), newest=None, curves_base64="")

    def face_set(self, request: face.FaceSet) -> face.HeldCurves:
        self.asked.append(request)
        return face.HeldCurves(curves=tuple(request.curves))

    def face_release(self, request: face.FaceRelease) -> face.HeldCurves:
        self.asked.append(request)
        return face.HeldCurves(curves=())

    def mode_set(self, request: face.ModeSet, progress: Progress) -> Nothing:
        self.asked.append(request)
        if request.mode == "converse":
            raise Refusal("unavailable", "converse needs a codec link; this box has none", "mode")
        return Nothing()

    def mute_set(self, request: face.MuteSet) -> Nothing:
        self.asked.append(request)
        return Nothing()

    def gain_set(self, request: face.GainSet) -> Nothing:
        self.asked.append(request)
        return Nothing()

    def packet(self, request: capsules.PacketRequest) -> capsules.Played:
        self.asked.append(request)
        return _played(*(blend.cid for blend in request.video_blend))

    def capsule_play(self, request: capsules.CapsulePlay) -> capsules.Played:
        self.asked.append(request)
        return _played(request.cid)

    def capsule_stop(self, request: capsules.CapsuleStop) -> Nothing:
        self.asked.append(request)
        return Nothing()

    def capsule_prefetch(self, request: capsules.CapsulePrefetch) -> capsules.CacheState:
        self.asked.append(request)
        return _CACHE

    def capsule_pin(self, request: capsules.CapsulePin) -> capsules.CacheState:
        self.asked.append(request)
        return _CACHE

    def capsule_unpin(self, request: capsules.CapsuleUnpin) -> capsules.CacheState:
        self.asked.append(request)
        return _CACHE

    def capsule_list(self, request: capsules.CapsuleList) -> capsules.CapsuleListed:
        self.asked.append(request)
        entry = capsules.CapsuleEntry(cid="VF_083", title="brow", layer="face", duration_ms=3200, loop=False)
        return capsules.CapsuleListed(total=1, capsules=(entry,))

    def record_start(self, request: recording.RecordStart) -> recording.Take:
        self.asked.append(request)
        return _TAKE

    def record_stop(self, request: recording.RecordStop) -> recording.Take:
        self.asked.append(request)
        return _TAKE

    def record_list(self, request: recording.RecordList) -> recording.Takes:
        self.asked.append(request)
        return recording.Takes(takes=(_TAKE,), bytes=_TAKE.bytes)

    def record_remove(self, request: recording.RecordRemove) -> Nothing:
        self.asked.append(request)
        return Nothing()

    def emotion_set(self, request: mood.EmotionSet) -> mood.Mood:
        self.asked.append(request)
        return _MOOD

    def profile_set(self, request: mood.ProfileSet) -> mood.Mood:
        self.asked.append(request)
        return _MOOD

    def context_set(self, request: mood.ContextSet) -> mood.Mood:
        self.asked.append(request)
        return _MOOD

    def models_list(self, request: models.ModelsList, progress: Progress) -> models.ModelsListed:
        self.asked.append(request)
        entry = models.ModelEntry(
            kind="lipsync", name="lipsync", version="1.0.0", precisions=("fp32", "int8"), selected=True
        )
        return models.ModelsListed(models=(entry,))

    def models_select(self, request: models.ModelsSelect, progress: Progress) -> models.ModelSelected:
        self.asked.append(request)
        return models.ModelSelected(
            kind="lipsync", name=request.name, version="1.0.0", precision="fp32", providers=("CPUExecutionProvider",)
        )

    def pack_install(self, request: capsules.PackInstall, progress: Progress) -> capsules.PackInstalled:
        self.asked.append(request)
        return capsules.PackInstalled(name="starter", version="1.1.0", capsules=60)

    def models_install(self, request: models.ModelsInstall, progress: Progress) -> models.ModelInstalled:
        self.asked.append(request)
        return models.ModelInstalled(kind="lipsync", name="lipsync", version="1.2.0")

    def models_remove(self, request: models.ModelsRemove, progress: Progress) -> Nothing:
        self.asked.append(request)
        return Nothing()

    def pack_remove(self, request: capsules.PackRemove, progress: Progress) -> capsules.PackChanged:
        self.asked.append(request)
        return capsules.PackChanged(removed=("VF_083",))

    def pack_revoke(self, request: capsules.PackRevoke, progress: Progress) -> capsules.PackChanged:
        self.asked.append(request)
        return capsules.PackChanged(removed=("VF_083",))

    def pack_unrevoke(self, request: capsules.PackRevoke, progress: Progress) -> capsules.PackChanged:
        self.asked.append(request)
        return capsules.PackChanged(added=("VF_083",))

    def config_get(self, request: config.ConfigGet) -> config.ConfigGot:
        self.asked.append(request)
        return config.ConfigGot(settings={"livelink": {"fps": 60}}, on_probation=False)

    def config_set(self, request: config.ConfigSet, progress: Progress) -> config.ConfigApplied:
        self.asked.append(request)
        return config.ConfigApplied(changed=("face.intensity",), applied=True, probation_s=10.0)


@dataclass
class Desk:
    """A dispatcher over a FakeBox."""

    box: FakeBox
    dispatcher: Dispatcher
    events: Events
    metrics: Metrics

    def serve(self, name: str, handler: Callable[..., Any]) -> None:
        """Let ``handler`` carry out the command of that name from now on."""
        self.dispatcher.registry.serve(COMMANDS[name], handler)  # type: ignore[call-overload]


def make_desk(device_id: str = "box-01", rate_per_s: int = 120) -> Desk:
    """A dispatcher that serves every command from a FakeBox; not started."""
    box, events, metrics = FakeBox(), Events(), Metrics()
    dispatcher = Dispatcher(device_id, metrics, events, RateLimit(rate_per_s))
    serve_all(dispatcher.registry, box)
    return Desk(box, dispatcher, events, metrics)


def serve_all(registry: Registry, box: FakeBox) -> None:
    """Let ``box`` carry out every command."""
    for name, command in COMMANDS.items():
        registry.serve(command, getattr(box, name.replace(".", "_")))
