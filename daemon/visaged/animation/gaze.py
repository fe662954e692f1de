"""Gaze: where the eyes look. Fixations, mostly on the viewer's face, and saccades between them; both eyes together."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random
from typing import Final

from visaged.animation.ease import smoothstep
from visaged.animation.eyes import write_eyes
from visaged.clock import NS_PER_S
from visaged.curves import INDEX, Pose

# Directions are (yaw, pitch) in radians as on the wire: to the subject's right and down are positive.
Direction = tuple[float, float]

# Time from one saccade to the next, micro-saccades included: log-normal. About 1.5 a second move visibly.
_FIXATION_MEDIAN_S: Final = 0.40
_FIXATION_SIGMA: Final = 0.6
# Below this a fixation is not one: the visual system needs that long to plan the next saccade.
_FIXATION_SHORTEST_S: Final = 0.12
# A third of all saccades are micro-saccades, which keep a fixation alive: 0.2 to 0.4 degrees.
_MICRO_SHARE: Final = 0.33
_MICRO_RMS: Final = 0.004
# The viewer's right eye, left eye and mouth, seen from a metre (a face is 6 cm from eye to eye), and how often each is
# looked at. Zero is between the eyes.
_VIEWER: Final[tuple[Direction, ...]] = ((-0.035, 0.0), (0.035, 0.0), (0.0, 0.065))
_VIEWER_WEIGHTS: Final = (0.4, 0.4, 0.2)
_VIEWER_SPREAD: Final = 0.008
# How often the eyes leave the viewer, and how often they stay away for one more fixation: away for an eighth of the
# time, as a listener is.
_LEAVE_SHARE: Final = 0.10
_STAY_AWAY_SHARE: Final = 0.35
# Where to: wide sideways, and rather down than up.
_AWAY_YAW_RMS: Final = 0.18
_AWAY_PITCH_MEAN: Final = 0.04
_AWAY_PITCH_RMS: Final = 0.11
_LIMIT: Final[Direction] = (0.35, 0.22)
# The main sequence of saccades: 21 ms plus 2.2 ms per degree. At most three frames at 60 fps.
_SACCADE_BASE_S: Final = 0.021
_SACCADE_S_PER_RAD: Final = 0.0022 * 180 / math.pi
_SACCADE_LONGEST_S: Final = 0.05
# From 9 degrees on people tend to blink along.
_LARGE: Final = 0.16

_HEAD_YAW: Final = INDEX["HeadYaw"]
_HEAD_PITCH: Final = INDEX["HeadPitch"]


class Gaze:
    """The layer of the eyes. It comes after all that moves the head: the eyes hold their target against it."""

    def __init__(self, rng: Random, on_large_saccade: Callable[[float], None]) -> None:
        """``on_large_saccade(time_s)`` is called as one begins (``Blink.pull``)."""
        self._rng = rng
        self._on_large_saccade = on_large_saccade
        self._away = False
        self._centre: Direction = (0.0, 0.0)
        self._from: Direction = (0.0, 0.0)
        self._to: Direction = (0.0, 0.0)
        self._start_s = 0.0
        self._duration_s = _SACCADE_BASE_S
        self._next_s = self._fixation_s()

    def apply(self, pose: Pose, time_ns: int) -> None:
        """Turn the eyes, and the lids with them (a Layer)."""
        time_s = time_ns / NS_PER_S
        while self._next_s <= time_s:
            self._move(self._next_s)
        share = smoothstep((time_s - self._start_s) / self._duration_s)
        yaw = self._from[0] + (self._to[0] - self._from[0]) * share
        pitch = self._from[1] + (self._to[1] - self._from[1]) * share
        write_eyes(pose, yaw - float(pose[_HEAD_YAW]), pitch - float(pose[_HEAD_PITCH]))

    def _move(self, start_s: float) -> None:
        """Begin the saccade that is due at ``start_s``."""
        rng = self._rng
        if rng.random() < _MICRO_SHARE:
            goal = (rng.gauss(self._centre[0], _MICRO_RMS), rng.gauss(self._centre[1], _MICRO_RMS))
        else:
            self._away = rng.random() < (_STAY_AWAY_SHARE if self._away else _LEAVE_SHARE)
            goal = self._centre = self._elsewhere() if self._away else self._viewer()
        # A saccade lasts far less than the shortest fixation, so the last one has arrived.
        self._from, self._to, self._start_s = self._to, goal, start_s
        size = math.hypot(goal[0] - self._from[0], goal[1] - self._from[1])
        self._duration_s = min(_SACCADE_BASE_S + _SACCADE_S_PER_RAD * size, _SACCADE_LONGEST_S)
        self._next_s = start_s + self._fixation_s()
        if size > _LARGE:
            self._on_large_saccade(start_s)

    def _viewer(self) -> Direction:
        """Another part of the viewer's face than the one looked at."""
        x, y = self._rng.choices(_VIEWER, _VIEWER_WEIGHTS)[0]
        return self._rng.gauss(x, _VIEWER_SPREAD), self._rng.gauss(y, _VIEWER_SPREAD)

    def _elsewhere(self) -> Direction:
        """Somewhere beside the viewer."""
        yaw = self._rng.gauss(0.0, _AWAY_YAW_RMS)
        pitch = self._rng.gauss(_AWAY_PITCH_MEAN, _AWAY_PITCH_RMS)
        return min(max(yaw, -_LIMIT[0]), _LIMIT[0]), min(max(pitch, -_LIMIT[1]), _LIMIT[1])

    def _fixation_s(self) -> float:
        return max(self._rng.lognormvariate(math.log(_FIXATION_MEDIAN_S), _FIXATION_SIGMA), _FIXATION_SHORTEST_S)
