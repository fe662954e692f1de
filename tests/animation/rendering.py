"""Runs an animator over many ticks, for the tests of this room."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from visaged.animation.animator import Animator
from visaged.clock import NS_PER_S, TickSchedule
from visaged.config.schema import AnimationSettings, FaceSettings
from visaged.curves import COUNT, INDEX, Pose, neutral
from visaged.layer import Layer
from visaged.metrics import Metrics

Track = NDArray[np.float32]
"""Poses over time: float32 [ticks, 61]."""

# CLOCK_MONOTONIC is never near 0 on a box that has booted.
EPOCH_NS = 4_000_000_000_000


class Reports:
    """Takes what the animator reports."""

    def __init__(self) -> None:
        self.codes: list[str] = []

    def __call__(self, code: str, message: str, remedy: str) -> None:
        assert message and remedy
        self.codes.append(code)


def make_animator(
    *,
    face: FaceSettings | None = None,
    metrics: Metrics | None = None,
    report: Reports | None = None,
    **animation: object,
) -> Animator:
    """An animator with ``animation`` settings (seed 1 unless given)."""
    settings = AnimationSettings.model_validate({"seed": 1, **animation})
    return Animator(face or FaceSettings(), settings, metrics or Metrics(), report or Reports())


def render(
    animator: Animator,
    seconds: float,
    fps: Fraction | int = 60,
    speech: Callable[[float], tuple[Pose | None, float]] | None = None,
    start_s: float = 0.0,
) -> Track:
    """The poses of ``seconds`` s; ``speech(time_s)`` gives the solver's pose and its staleness in ms."""
    schedule = TickSchedule(Fraction(fps), EPOCH_NS)
    first = schedule.tick_at(EPOCH_NS + round(start_s * 1e9))
    track = np.empty((round(seconds * fps), COUNT), np.float32)
    for tick, pose in zip(itertools.count(first), track, strict=False):
        time_ns = schedule.time_ns(tick)
        heard, stale_ms = (None, float("inf")) if speech is None else speech((time_ns - EPOCH_NS) / 1e9)
        animator.render(time_ns, heard, stale_ms, pose)
    return track


def curve(track: Track, name: str) -> NDArray[np.float32]:
    """One curve of a track."""
    return track[:, INDEX[name]]


def pose_of(**values: float) -> Pose:
    """A pose with these curves, 0 elsewhere."""
    pose = neutral()
    for name, value in values.items():
        pose[INDEX[name]] = value
    return pose


def run_layer(layer: Layer, seconds: float, fps: int = 20) -> Track:
    """The poses of one layer alone, from time 0."""
    poses = np.zeros((round(seconds * fps), COUNT), np.float32)
    for tick, pose in enumerate(poses):
        layer.apply(pose, tick * NS_PER_S // fps)
    return poses
