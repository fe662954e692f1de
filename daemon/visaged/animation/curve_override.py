"""Held curves: single curves set by command for a while, over everything else (``face.set``, ``face.release``)."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from visaged import curves
from visaged.clock import NS_PER_MS
from visaged.curves import COUNT, Pose

# How long a held curve takes to come and to go: quick, yet a movement and not a cut.
EASE_MS: Final = 150.0
# Ticks further apart than this are a stall: go on from there, do not catch up.
_LONGEST_STEP_MS: Final = 50.0


class CurveOverride:
    """The layer of held curves. ``hold`` and ``release`` may be called on any thread; they count from the next tick."""

    def __init__(self) -> None:
        self._commands: deque[tuple[tuple[int, ...], Sequence[float] | None, float]] = deque()
        self._value = np.zeros(COUNT, np.float32)
        self._goal = np.zeros(COUNT, np.float32)
        self._weight = np.zeros(COUNT, np.float32)
        self._wanted = np.zeros(COUNT, np.float32)
        self._until_ns = np.zeros(COUNT, np.float64)
        self._scratch = np.zeros(COUNT, np.float32)
        self._active = False
        self._last_ns = 0

    def hold(self, values: Mapping[str, float], duration_ms: float | None = None) -> None:
        """Ease the named curves to ``values`` and hold them there; ``duration_ms`` None: until released.

        Raises KeyError for a name that is no curve and ValueError for a value outside the curve's range or a duration
        that is not above 0; then nothing is held.
        """
        for name, value in values.items():
            if name not in curves.INDEX:
                raise KeyError(f"'{name}' is not a curve; curves are named like JawOpen or MouthSmileLeft")
            low = float(curves.MINIMUM[curves.INDEX[name]])
            if not low <= value <= 1.0:
                raise ValueError(f"{name} = {value}: expected a number from {low:g} to 1")
        if duration_ms is not None and not 0 < duration_ms < math.inf:
            raise ValueError(f"duration_ms = {duration_ms}: expected a number above 0")
        indices = tuple(curves.INDEX[name] for name in values)
        self._commands.append((indices, tuple(values.values()), math.inf if duration_ms is None else duration_ms))

    def release(self, names: Sequence[str] | None = None) -> None:
        """Let the named curves or regions go, or all. Raises KeyError for a name that is neither."""
        released = tuple(range(COUNT)) if names is None else tuple(i for name in names for i in curves.indices(name))
        self._commands.append((released, None, 0.0))

    def apply(self, pose: Pose, time_ns: int) -> None:
        """Put the held curves into ``pose`` (a Layer)."""
        step_ms = min(max((time_ns - self._last_ns) / NS_PER_MS, 0.0), _LONGEST_STEP_MS)
        self._last_ns = time_ns
        while self._commands:
            self._obey(*self._commands.popleft(), time_ns)
        if not self._active:
            return
        np.multiply(self._wanted, self._until_ns > time_ns, out=self._wanted)
        step = step_ms / EASE_MS
        _move(self._weight, self._wanted, step, self._scratch)
        # A held curve that gets a new value goes there as fast as it would have come from rest.
        _move(self._value, self._goal, step, self._scratch)
        self._active = bool(self._weight.any() or self._wanted.any())
        np.subtract(self._value, pose, out=self._scratch)
        np.multiply(self._scratch, self._weight, out=self._scratch)
        np.add(pose, self._scratch, out=pose)

    def _obey(self, indices: tuple[int, ...], values: Sequence[float] | None, duration_ms: float, time_ns: int) -> None:
        for place, index in enumerate(indices):
            if values is None:
                self._wanted[index] = 0.0
                continue
            self._goal[index] = values[place]
            if self._weight[index] == 0.0:
                self._value[index] = values[place]
            self._wanted[index] = 1.0
            self._until_ns[index] = time_ns + duration_ms * NS_PER_MS
            self._active = True


def _move(value: Pose, goal: Pose, step: float, scratch: Pose) -> None:
    """Move ``value`` in place towards ``goal`` by at most ``step`` per curve."""
    np.subtract(goal, value, out=scratch)
    np.minimum(scratch, np.float32(step), out=scratch)
    np.maximum(scratch, np.float32(-step), out=scratch)
    np.add(value, scratch, out=value)
