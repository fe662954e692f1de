"""New settings while the daemon runs: each section to the stage that owns it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from typing import Final

from visaged.app.box import Box
from visaged.app.commands.errors import capsule_refusals, converse_refusals
from visaged.config import Settings
from visaged.control.config_handlers import differences
from visaged.control.protocol.refusal import Refusal

# They are read once, at the start: who the box is, how it is scheduled, and what was taken from the device.
_FIXED: Final = (
    "device.id",
    "runtime.realtime_priority",
    "capsules.library",
    "capsules.cache_mib",
    "capsules.device",
    "capsules.ttl_s",
    "capsules.seed",
    "capsules.cue_target",
    "inference.engine_cache",
    "animation.seed",
)


def apply(daemon: Box, settings: Settings) -> None:
    """Run with ``settings`` from now on. Raises Refusal, with nothing changed, for what only a restart can change."""
    before = daemon.settings
    changed = differences(before, settings)
    fixed = [key for key in changed if key in _FIXED]
    if fixed:
        message = f"{', '.join(fixed)} cannot change while the daemon runs; set it in the file on the box and restart"
        raise Refusal("refused", message, f"settings.{fixed[0]}")
    # What may be refused comes first: nothing else is done then.
    if "capsules.pinned" in changed:
        with capsule_refusals():
            daemon.pin(before.capsules.pinned, settings.capsules.pinned)
    try:
        _converse(daemon, settings, changed)
    except Refusal:
        if "capsules.pinned" in changed:
            daemon.pin(settings.capsules.pinned, before.capsules.pinned)
        raise
    daemon.settings = settings
    for prefixes, use in _uses(daemon, settings).items():
        if any(key.startswith(prefixes) for key in changed):
            use()


def _converse(daemon: Box, settings: Settings, changed: Collection[str]) -> None:
    """Another mode, or the same with another codec, link, or speaker. Raises Refusal, with nothing changed."""
    converse = daemon.converse
    mode = settings.device.mode if "device.mode" in changed else converse.mode
    matters = ("codec.", "audio.output.backend") if mode == "converse" else ()
    if mode != converse.mode or any(key.startswith(matters) for key in changed):
        with converse_refusals():
            converse.use(mode, settings)


def _uses(daemon: Box, settings: Settings) -> dict[tuple[str, ...], Callable[[], None]]:
    """What each part of the settings means for the stages, by the beginnings of its keys."""
    return {
        ("runtime.log_level",): lambda: logging.getLogger().setLevel(settings.runtime.log_level.upper()),
        ("face.", "animation."): lambda: daemon.use_face(settings),
        ("face.solver", "face.lookahead_ms", "face.neurosync_hop_ms", "face.prosody", "inference."): lambda: (
            daemon.use_solver(settings)
        ),
        ("audio.input.",): lambda: daemon.capture.reconfigure(settings.audio.input),
        ("audio.output.",): lambda: daemon.playback.reconfigure(settings.audio.output),
        ("livelink.",): lambda: daemon.use_livelink(settings),
        ("capsules.personality",): lambda: daemon.capsules.set_personality(settings.capsules.personality),
        ("mqtt.", "device.groups"): lambda: daemon.use_mqtt(settings),
    }
