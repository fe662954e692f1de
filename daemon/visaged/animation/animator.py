"""The animator: layers -> one pose per tick."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from typing import Final

import numpy as np

from visaged.animation.curve_override import CurveOverride
from visaged.animation.ease import smoothstep
from visaged.animation.guard import GuardedLayer, Report
from visaged.animation.idle import Idle
from visaged.animation.scale import Scale
from visaged.animation.settle import Settle
from visaged.animation.smoothing import Smoothing
from visaged.animation.speech import SpeechLayer
from visaged.clock import NS_PER_MS
from visaged.config.schema import AnimationSettings, FaceSettings
from visaged.curves import Pose, make_legal
from visaged.layer import Layer
from visaged.metrics import Metrics

log = logging.getLogger(__name__)

# How long the face takes from what it showed to what new settings, or the loss of a layer, make of it.
_SETTLE_MS: Final = 250.0


class Animator:
    """Idle life, speech, added layers, held curves, calibration, smoothing: always a legal pose, never a jump.

    ``render`` runs on the animator's thread; every other method may be called on any thread and counts from the next
    tick. The same seed, settings, inputs and tick times give the same poses, bit by bit.
    """

    def __init__(self, face: FaceSettings, animation: AnimationSettings, metrics: Metrics, report: Report) -> None:
        """``report(code, message, remedy)`` is told of a layer that failed (``Problems.open``)."""
        self._metrics = metrics
        self._report = report
        self._not_finite = metrics.counter("animation.not_finite")
        self.seed = secrets.randbits(32) if animation.seed is None else animation.seed
        """The seed of the idle life: the one that was set, else a random one."""
        log.info("idle life has the seed %d", self.seed)
        self.override = CurveOverride()
        """Curves held by command."""
        self.voice_gives_way: Callable[[], bool] = lambda: False
        """Asked at each tick: whether a spoken line has the mouth, so that the live voice must not move it too."""
        self._idle = Idle(self.seed, metrics, report)
        self._speech = SpeechLayer(self._not_finite, metrics.counter("animation.speech_stalls"))
        self._scale = Scale()
        self._smoothing = Smoothing()
        self._settle = Settle(_SETTLE_MS)
        self._guarded_speech = GuardedLayer("speech", self._speech, metrics, report)
        self._guarded_override = GuardedLayer("held", self.override, metrics, report)
        self._added: tuple[GuardedLayer, ...] = ()
        self._wanted = (face, animation)
        self._settings: tuple[FaceSettings, AnimationSettings] | None = None
        self._stop: tuple[int, float] | None = None

    def add_layer(self, name: str, layer: Layer) -> None:
        """Run ``layer`` from the next tick on: after idle, speech and the layers added before, below what is held."""
        self._added = (*self._added, GuardedLayer(name, layer, self._metrics, self._report))

    def configure(self, face: FaceSettings, animation: AnimationSettings) -> None:
        """Replace the settings; the face settles into them. The seed is that of the start."""
        self._wanted = (face, animation)

    def request_blink(self) -> None:
        """Blink at the next tick."""
        self._idle.request_blink()

    def ease_to_neutral(self, start_ns: int, duration_ms: float) -> None:
        """From ``start_ns`` (CLOCK_MONOTONIC) on ease the face to neutral in ``duration_ms``; it stays there."""
        self._stop = (start_ns, duration_ms)

    def render(self, time_ns: int, speech: Pose | None, stale_ms: float, pose: Pose) -> None:
        """Write the pose (float32 [61]) for the tick that is sent at ``time_ns`` (CLOCK_MONOTONIC, ns).

        ``speech``: what the solver says for this tick, or None; ``stale_ms``: how old that is (``FaceTrack.sample``,
        in ms; ``inf`` counts as None). Times grow from call to call.
        """
        wanted = self._wanted
        if wanted is not self._settings:
            self._settings = wanted
            self._configure(*wanted)
        pose.fill(0.0)
        well = self._idle.apply_body(pose, time_ns)
        self._speech.hear(speech, stale_ms, self.voice_gives_way())
        well &= self._guarded_speech.apply(pose, time_ns)
        well &= self._idle.apply_eyes(pose)
        for layer in self._added:
            well &= layer.apply(pose, time_ns)
        well &= self._guarded_override.apply(pose, time_ns)
        if not well:
            self._settle.absorb()
        self._scale.apply(pose, time_ns)
        self._smoothing.apply(pose, time_ns)
        # Before the settling, so that a curve far out of range does not leave its range in the offset.
        self._make_legal(pose)
        self._settle.apply(pose, time_ns)
        self._make_legal(pose)
        self._ease_out(pose, time_ns)

    def _configure(self, face: FaceSettings, animation: AnimationSettings) -> None:
        self._settle.absorb()
        self._idle.configure(animation)
        self._speech.attack_ms = animation.attack_ms
        self._speech.release_ms = animation.release_ms
        self._speech.intensity = face.intensity
        self._scale.configure(face.scale)
        self._smoothing.time_constant_ms = face.smoothing_ms

    def _make_legal(self, pose: Pose) -> None:
        if not make_legal(pose):
            self._not_finite.add()

    def _ease_out(self, pose: Pose, time_ns: int) -> None:
        stop = self._stop
        if stop is not None:
            start_ns, duration_ms = stop
            done = (time_ns - start_ns) / max(duration_ms * NS_PER_MS, 1.0)
            np.multiply(pose, np.float32(1.0 - smoothstep(done)), out=pose)
