"""New settings while the daemon runs: each section to the stage that owns it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterable
from typing import Final

from visaged.app.commands.errors import capsule_refusals, converse_refusals
from visaged.app.stages import Stages
from visaged.capsules.errors import CapsuleError
from visaged.capsules.service import Capsules
from visaged.config import Settings
from visaged.config.compare import differences
from visaged.control.protocol.refusal import Refusal
from visaged.outputs.destinations import outputs_of
from visaged.outputs.output import FaceOutput

# A new sender's first packet leaves about 85 ms after it was started (docs/benchmarks.md).
_SENDER_START_S: Final = 0.2

Uses = list[tuple[tuple[str, ...], Callable[[], None]]]
"""Beginnings of keys, and what a change of such a key means."""


def apply(stages: Stages, settings: Settings, others: Uses) -> None:
    """Run with ``settings`` from now on; ``others``: what changes mean outside the stages.

    What only a restart can change is as it was (config/authority.py). Raises Refusal, with nothing changed.
    """
    before = stages.settings
    changed = differences(before, settings)
    # What may be refused comes first: nothing else is done then.
    if "capsules.pinned" in changed:
        with capsule_refusals():
            _pin(stages.capsules, before.capsules.pinned, settings.capsules.pinned)
    try:
        _converse(stages, settings, changed)
    except Refusal:
        if "capsules.pinned" in changed:
            _pin(stages.capsules, settings.capsules.pinned, before.capsules.pinned)
        raise
    stages.settings = stages.converse.settings = settings
    for prefixes, use in [*_uses(stages, settings), *others]:
        if any(key.startswith(prefixes) for key in changed):
            use()
    if changed and "web" in vars(stages):
        stages.web.use(settings)


def _converse(stages: Stages, settings: Settings, changed: Collection[str]) -> None:
    """Another mode, or the same with another codec, link, brain, or speaker. Raises Refusal, with nothing changed."""
    converse = stages.converse
    mode = settings.device.mode if "device.mode" in changed else converse.mode
    matters = ("codec.", "conversation.", "audio.output.backend") if mode == "converse" else ()
    if mode != converse.mode or any(key.startswith(matters) for key in changed):
        with converse_refusals():
            converse.use(mode, settings)


def _uses(stages: Stages, settings: Settings) -> Uses:
    """What each part of the settings means for the stages."""
    return [
        (("runtime.log_level",), lambda: logging.getLogger().setLevel(settings.runtime.log_level.upper())),
        (("face.", "animation."), lambda: stages.animator.configure(settings.face, settings.animation)),
        (
            ("face.lookahead_ms", "face.neurosync_hop_ms", "face.prosody"),
            lambda: stages.selection.reopen(settings),
        ),
        (("face.solver", "inference."), lambda: stages.selection.use_settings(settings)),
        (("audio.input.",), lambda: stages.capture.reconfigure(settings.audio.input)),
        (("audio.output.",), lambda: stages.playback.reconfigure(settings.audio.output)),
        (("livelink.", "vmc.", "ifacialmocap."), lambda: _outputs(stages, settings)),
        (("capsules.personality",), lambda: stages.capsules.set_personality(settings.capsules.personality)),
    ]


def _outputs(stages: Stages, settings: Settings) -> None:
    """Other targets at once, without a gap; at another rate a new sender takes over within some ticks."""
    outputs, priority = outputs_of(settings), settings.runtime.realtime_priority
    old = stages.output
    if old.retarget(outputs):
        return
    old.give_way()
    new = FaceOutput(outputs, settings.device.id, priority, stages.problems, stages.metrics, after=old)
    stages.output = new
    new.start()
    time.sleep(_SENDER_START_S)
    stages.animation.stop()
    old.stop()
    stages.animation.sink = new
    stages.animation.start(new.schedule)


def _pin(capsules: Capsules, before: Iterable[str], after: Iterable[str]) -> None:
    """Keep ``after`` on the device instead of ``before``. Raises CapsuleError, with nothing changed."""
    old, new = set(before), set(after)
    pinned: list[str] = []
    try:
        for cid in sorted(new - old):
            capsules.pin(cid)
            pinned.append(cid)
    except CapsuleError:
        for cid in pinned:
            capsules.unpin(cid)
        raise
    for cid in old - new:
        capsules.unpin(cid)
