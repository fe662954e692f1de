"""What the daemon must supply: one Protocol per group of commands, and the table from command name to method.

Handlers run on the control thread and return within a millisecond or two; those of slow commands run on the worker
thread and get a ``Progress`` to call. All raise Refusal for what they do not do, with nothing changed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from visaged.control.protocol.commands import capsules, config, device, face, models, mood
from visaged.control.protocol.envelope import Data, Nothing
from visaged.control.protocol.health_model import Health

Progress = Callable[[str, float | None], None]
"""``progress("downloading", 42.0)``: what is being done, and how far in percent (None: not known)."""

Handler = Callable[..., Data]
"""(request) -> data; of a slow command (request, progress) -> data."""

Table = dict[str, Handler]


class StatusHandlers(Protocol):
    """Who is there and how it is (control/status.py has them)."""

    def ping(self, request: device.Ping) -> device.Pong: ...
    def health_get(self, request: device.HealthGet) -> Health: ...


class DeviceHandlers(Protocol):
    """The box."""

    def selftest(self, request: device.SelfTest, progress: Progress) -> device.SelfTested: ...
    def restart(self, request: device.Restart) -> Nothing: ...
    def snapshot(self, request: device.Snapshot) -> device.Curves: ...


class FaceHandlers(Protocol):
    """Held curves, mode, mute, gain."""

    def face_set(self, request: face.FaceSet) -> face.HeldCurves: ...
    def face_release(self, request: face.FaceRelease) -> face.HeldCurves: ...
    def mode_set(self, request: face.ModeSet, progress: Progress) -> Nothing: ...
    def mute_set(self, request: face.MuteSet) -> Nothing: ...
    def gain_set(self, request: face.GainSet) -> Nothing: ...


class CapsuleHandlers(Protocol):
    """The player and its cache."""

    def packet(self, request: capsules.PacketRequest) -> capsules.Played: ...
    def capsule_play(self, request: capsules.CapsulePlay) -> capsules.Played: ...
    def capsule_stop(self, request: capsules.CapsuleStop) -> Nothing: ...
    def capsule_prefetch(self, request: capsules.CapsulePrefetch) -> capsules.CacheState: ...
    def capsule_pin(self, request: capsules.CapsulePin) -> capsules.CacheState: ...
    def capsule_unpin(self, request: capsules.CapsuleUnpin) -> capsules.CacheState: ...
    def capsule_list(self, request: capsules.CapsuleList) -> capsules.CapsuleListed: ...


class MoodHandlers(Protocol):
    """Emotion, profile, context."""

    def emotion_set(self, request: mood.EmotionSet) -> mood.Mood: ...
    def profile_set(self, request: mood.ProfileSet) -> mood.Mood: ...
    def context_set(self, request: mood.ContextSet) -> mood.Mood: ...


class ModelHandlers(Protocol):
    """Model packages on the box."""

    def models_list(self, request: models.ModelsList, progress: Progress) -> models.ModelsListed: ...
    def models_select(self, request: models.ModelsSelect, progress: Progress) -> models.ModelSelected: ...


class InstallHandlers(Protocol):
    """Packs and models from a URL (control/install.py has them)."""

    def pack_install(self, request: capsules.PackInstall, progress: Progress) -> capsules.PackInstalled: ...
    def models_install(self, request: models.ModelsInstall, progress: Progress) -> models.ModelInstalled: ...


class ConfigHandlers(Protocol):
    """Settings over the air (control/config_handlers.py has them)."""

    def config_get(self, request: config.ConfigGet) -> config.ConfigGot: ...
    def config_set(self, request: config.ConfigSet, progress: Progress) -> config.ConfigApplied: ...


def _table(handlers: Any, *commands: str) -> Table:
    return {command: getattr(handlers, command.replace(".", "_")) for command in commands}


def status_table(handlers: StatusHandlers) -> Table:
    """ping, health.get."""
    return _table(handlers, "ping", "health.get")


def device_table(handlers: DeviceHandlers) -> Table:
    """selftest, restart, snapshot."""
    return _table(handlers, "selftest", "restart", "snapshot")


def face_table(handlers: FaceHandlers) -> Table:
    """face.set, face.release, mode.set, mute.set, gain.set."""
    return _table(handlers, "face.set", "face.release", "mode.set", "mute.set", "gain.set")


def capsule_table(handlers: CapsuleHandlers) -> Table:
    """packet and capsule.*."""
    names = ("play", "stop", "prefetch", "pin", "unpin", "list")
    return _table(handlers, "packet", *(f"capsule.{name}" for name in names))


def mood_table(handlers: MoodHandlers) -> Table:
    """emotion.set, profile.set, context.set."""
    return _table(handlers, "emotion.set", "profile.set", "context.set")


def model_table(handlers: ModelHandlers) -> Table:
    """models.list, models.select."""
    return _table(handlers, "models.list", "models.select")


def install_table(handlers: InstallHandlers) -> Table:
    """pack.install, models.install."""
    return _table(handlers, "pack.install", "models.install")


def config_table(handlers: ConfigHandlers) -> Table:
    """config.get, config.set."""
    return _table(handlers, "config.get", "config.set")
