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
    """Rest, head, breath, gaze and blinks, in the order in which they build on each other.

    Each draws from its own random stream of the seed, and plans its events by time, not by tick: a seed looks the
    same at any frame rate. ``request_blink`` may be called on any thread, the rest belongs to the animator's.
    """

    def __init__(self, seed: int, metrics: Metrics, report: Report) -> None:
        self._blink = Blink(_stream(seed, "blink"), 0.0)
        self._breath = Breath(_stream(seed, "breath"))
        self._rest = GuardedLayer("rest", RestingFace(_stream(seed, "rest")), metrics, report)
        self._head = GuardedLayer("head", HeadSway(_stream(seed, "head")), metrics, report)
        self._breathing = GuardedLayer("breath", self._breath, metrics, report)
        self._gaze = GuardedLayer("gaze", Gaze(_stream(seed, "gaze"), self._blink.pull), metrics, report)
        self._blinking = GuardedLayer("blink", self._blink, metrics, report)
        self._layers: tuple[GuardedLayer, ...] = ()
        self._time_ns = 0
        self._last_ns: int | None = None

    def configure(self, settings: AnimationSettings) -> None:
        """Switch the layers as ``settings`` say."""
        self._blink.set_rate(settings.blink_per_min)
        self._breath.moves_head = settings.head_sway
        wanted = (
            (self._rest, True),
            (self._head, settings.head_sway),
            (self._breathing, True),
            (self._gaze, settings.gaze),
            (self._blinking, True),
        )
        self._layers = tuple(layer for layer, on in wanted if on and settings.idle)

    def request_blink(self) -> None:
        """Blink at the next tick (any thread)."""
        self._blink.request()

    def apply(self, pose: Pose, time_ns: int) -> bool:
        """Add the idle life to ``pose``; returns False when a layer failed at this tick."""
        if self._last_ns is not None:
            self._time_ns += min(max(time_ns - self._last_ns, 0), _LONGEST_STEP_NS)
        self._last_ns = time_ns
        well = True
        for layer in self._layers:
            well &= layer.apply(pose, self._time_ns)
        return well


def _stream(seed: int, name: str) -> Random:
    return Random(f"{seed}/{name}")
