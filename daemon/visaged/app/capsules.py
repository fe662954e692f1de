"""Capsules made from the settings; what cannot be had is a problem, and the face goes on with less."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from visaged.capsules.errors import CapsuleError
from visaged.capsules.loader import TokenDecoder
from visaged.capsules.playing.side_effects import Notice, VoiceSink
from visaged.capsules.service import Capsules
from visaged.config import CapsuleSettings
from visaged.inference.memory import DeviceMemoryError, Slab, open_slab
from visaged.problems import Problems
from visaged.system.memory import available_bytes

_MIB: Final = 1024 * 1024
# Models, voices and the rest of the box need memory, too: a cache takes at most half of what is free at the start.
_SHARE: Final = 2


def start_capsules(
    settings: CapsuleSettings,
    voice: VoiceSink,
    listener: Callable[[Notice], None],
    problems: Problems,
    decoder: TokenDecoder | None = None,
) -> Capsules:
    """The library, the cache, the player and their threads, running. ``decoder``: says lines that hold tokens only."""
    slab = _open_slab(settings, problems)
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


def _open_slab(settings: CapsuleSettings, problems: Problems) -> Slab:
    """The memory that the settings ask for, or what there is of it."""
    wanted = settings.cache_mib * _MIB
    available = available_bytes()
    host_at_most = wanted if available is None else max(available // _SHARE, _MIB)
    try:
        slab = open_slab(wanted, settings.device, host_at_most)
    except DeviceMemoryError as error:
        problems.open("capsule_memory", str(error), 'Capsules lie in the host\'s memory; set capsules.device = "auto"')
        slab = open_slab(wanted, "host", host_at_most)
    if slab.capacity < wanted:
        used_mib = slab.capacity // _MIB
        problems.open(
            "capsule_memory",
            f"capsules.cache_mib = {settings.cache_mib} is more than this box can spare; {used_mib} MiB are used",
            f"Lower capsules.cache_mib to {used_mib} or less, and restart",
        )
    return slab
