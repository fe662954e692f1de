"""Idle life: the layers that make a face live when nobody speaks, and the clock they share."""

from __future__ import annotations

from random import Random
from typing import Final

from visaged.animation.blink import Blink
from visaged.animation.breath import Breath
from visaged.animation.gaze import Gaze
from visaged.animation.guard import GuardedLayer, Report
from visaged.animation.head import HeadSway
from visaged.animation.rest import RestingFace
from visaged.clock import NS_PER_MS
from visaged.config.schema import AnimationSettings
from visaged.curves import Pose
from visaged.metrics import Metrics

# Ticks further apart than this are a stall of the whole process: idle life goes on where it was, it does not catch up.
_LONGEST_STEP_NS: Final = 100 * NS_PER_MS


class Idle:
    """The body (rest, head, breath) and, once speech has moved the head, the eyes (gaze, blinks).

    Each layer draws from its own random stream of the seed, and plans its events by time, not by tick: a seed looks
    the same at any frame rate. ``request_blink`` may be called on any thread, the rest belongs to the animator's.
    """

    def __init__(self, seed: int, metrics: Metrics, report: Report) -> None:
        self._blink = Blink(random_stream(seed, "blink"), 0.0)
        self._breath = Breath(random_stream(seed, "breath"))
        self._rest_layer = GuardedLayer("rest", RestingFace(random_stream(seed, "rest")), metrics, report)
        self._head_layer = GuardedLayer("head", HeadSway(random_stream(seed, "head")), metrics, report)
        self._breath_layer = GuardedLayer("breath", self._breath, metrics, report)
        self._gaze_layer = GuardedLayer("gaze", Gaze(random_stream(seed, "gaze"), self._blink.pull), metrics, report)
        self._blink_layer = GuardedLayer("blink", self._blink, metrics, report)
        self._body: tuple[GuardedLayer, ...] = ()
        self._eyes: tuple[GuardedLayer, ...] = ()
        self._time_ns = 0
        self._last_ns: int | None = None

    def configure(self, settings: AnimationSettings) -> None:
        """Switch the layers as ``settings`` say."""
        self._blink.set_rate(settings.blink_per_min)
        self._breath.moves_head = settings.head_sway
        self._body = self._eyes = ()
        if settings.idle:
            head = (self._head_layer,) if settings.head_sway else ()
            gaze = (self._gaze_layer,) if settings.gaze else ()
            self._body = (self._rest_layer, *head, self._breath_layer)
            self._eyes = (*gaze, self._blink_layer)

    def request_blink(self) -> None:
        """Blink at the next tick (any thread)."""
        self._blink.request()

    def apply_body(self, pose: Pose, time_ns: int) -> bool:
        """Begin the tick at ``time_ns`` with what does not depend on speech; False when a layer failed at it."""
        if self._last_ns is not None:
            self._time_ns += min(max(time_ns - self._last_ns, 0), _LONGEST_STEP_NS)
        self._last_ns = time_ns
        return self._run(self._body, pose)

    def apply_eyes(self, pose: Pose) -> bool:
        """Add the eyes, which hold their target while the head of ``pose`` moves; False when a layer failed."""
        return self._run(self._eyes, pose)

    def _run(self, layers: tuple[GuardedLayer, ...], pose: Pose) -> bool:
        well = True
        for layer in layers:
            well &= layer.apply(pose, self._time_ns)
        return well


def random_stream(seed: int, name: str) -> Random:
    """The dice of the layer ``name``: its own, so that switching another layer off does not change its movement."""
    return Random(f"{seed}/{name}")
