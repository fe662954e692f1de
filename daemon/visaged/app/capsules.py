"""Capsules made from the settings; what cannot be had is a problem, and the face goes on with less."""

from __future__ import annotations

from collections.abc import Callable

from visaged.capsules.errors import CapsuleError
from visaged.capsules.loader import TokenDecoder
from visaged.capsules.playing.side_effects import Notice, VoiceSink
from visaged.capsules.service import Capsules
from visaged.config import CapsuleSettings
from visaged.inference.memory import DeviceMemoryError, open_slab
from visaged.problems import Problems

_MIB = 1024 * 1024


def start_capsules(
    settings: CapsuleSettings,
    voice: VoiceSink,
    listener: Callable[[Notice], None],
    problems: Problems,
    decoder: TokenDecoder | None = None,
) -> Capsules:
    """The library, the cache, the player and their threads, running. ``decoder``: says lines that hold tokens only."""
    try:
        slab = open_slab(settings.cache_mib * _MIB, settings.device)
    except DeviceMemoryError as error:
        problems.open("capsule_memory", str(error), 'Capsules lie in the host\'s memory; set capsules.device = "auto"')
        slab = open_slab(settings.cache_mib * _MIB, "host")
    capsules = Capsules(
        settings.library,
        slab,
        cue_target=settings.cue_target,
        ttl_s=settings.ttl_s or None,
        seed=settings.seed,
        voice=voice,
        decoder=decoder,
        listener=listener,
        problems=problems,
    )
    try:
        capsules.start(settings.pinned)
    except CapsuleError as error:
        problems.open("capsules_pinned", str(error), "Nothing is pinned; correct capsules.pinned or capsules.cache_mib")
        capsules.start()
    capsules.set_personality(settings.personality)
    return capsules
