"""The mood: the emotion state as a face, blended from the nearest face capsules. Two threads, each with its part.

``EmotionBlendPicker`` (loader's thread) knows which capsules express what and makes a target pose; ``EmotionBlend``
(animator's thread) eases to it, with a slow bounded swell so that a held expression lives.
"""

from __future__ import annotations

import logging
import math
import random
from collections.abc import Callable, Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from visaged.capsules.errors import CapsuleError
from visaged.capsules.file.capsule import Capsule, Curves
from visaged.capsules.file.ids import CapsuleKind
from visaged.capsules.library.catalogue import Entry
from visaged.capsules.playing.emotion import EmotionState, Vector, distance
from visaged.clock import NS_PER_S
from visaged.curves import Pose, neutral

log = logging.getLogger(__name__)

NEAREST: Final = 3
# Keeps the weight of an exact match finite (origin document).
_NEAR: Final = 0.001
# The target is picked again when the state moved by this much, or when it came to rest.
_MOVED: Final = 0.1
_SETTLED: Final = 0.005
# 0.1 of the way per 60 Hz tick (origin document), as a time constant.
_SMOOTHING_S: Final = -1 / 60 / math.log(1 - 0.1)
# Two slow waves that never meet again; together they move the strength by at most this share.
_SWELL: Final = 0.12
_SWELL_PERIODS_S: Final = (7.3, 4.1)
# Sum of squares of a pose that nobody sees.
_INVISIBLE: Final = 1e-10
# Peaks that are kept (61 floats each): more than one personality uses.
_MAX_PEAKS: Final = 1024
# Passing movements: they express something, but nobody holds them.
_PASSING_TAGS: Final = frozenset({"gesture", "micro"})


class EmotionBlendPicker:
    """Which capsules are near an emotion, and the pose they make together.

    ``pick`` on the loader's thread only; ``learn`` on any.
    """

    def __init__(self, read: Callable[[Entry], Capsule]) -> None:
        self._read = read
        self._known: tuple[list[Entry], NDArray[np.float64]] = ([], np.empty((0, 3)))  # replaced whole
        self._peaks: dict[str, Pose] = {}

    def learn(self, entries: Iterable[Entry]) -> None:
        """Take the additive face capsules that have an emotion vector and are no passing movement."""
        known, vectors = [], []
        for entry in entries:
            if '"emotion"' not in entry.header_json:
                continue
            header = entry.header
            fits = header.kind is CapsuleKind.FACE and header.blend_mode == "additive" and not header.loop
            if fits and header.emotion is not None and _PASSING_TAGS.isdisjoint(header.tags):
                known.append(entry)
                vectors.append(header.emotion.vector())
        self._known = known, np.array(vectors, np.float64).reshape(-1, 3)

    def pick(self, vector: Vector) -> tuple[tuple[tuple[str, float], ...], Pose]:
        """(IDs with their weights, sum 1; the pose, float32 [61]) of the three nearest; nothing when there are none."""
        entries, vectors = self._known
        distances = np.linalg.norm(vectors - vector, axis=1)
        nearest = np.argsort(distances, kind="stable")[:NEAREST]
        weights = 1 / (distances[nearest] + _NEAR)
        weights /= weights.sum() if len(weights) else 1.0
        pose = neutral()
        parts = []
        for index, weight in zip(nearest, weights, strict=True):
            entry = entries[index]
            pose += np.float32(weight) * self._peak(entry)
            parts.append((entry.cid, float(weight)))
        return tuple(parts), pose

    def _peak(self, entry: Entry) -> Pose:
        if entry.sha256 not in self._peaks:
            try:
                curves = self._read(entry).curves
            except CapsuleError as error:
                log.warning("mood: %s", error)
                curves = None
            if len(self._peaks) >= _MAX_PEAKS:
                self._peaks.clear()
            self._peaks[entry.sha256] = neutral() if curves is None else peak_of(curves)
        return self._peaks[entry.sha256]


class EmotionBlend:
    """Adds the mood to a pose. ``apply`` on the animator's thread; ``set_target`` from the loader's."""

    def __init__(self, request: Callable[[Vector], None], generator: random.Random) -> None:
        """``request(vector)`` asks for a new target (``set_target``) and must not wait."""
        self._request = request
        self._phases = [generator.uniform(0, 2 * math.pi) for _ in _SWELL_PERIODS_S]
        self._picked: Vector | None = None
        self._target = neutral()
        self._pose = neutral()
        self._scratch = neutral()
        self._before_ns: int | None = None
        self._unseen: Pose | None = None
        """A target without any movement that has been reached: a box without a mood does not pay for it."""
        self.state = EmotionState()
        """Replaced whole, by any thread."""

    def set_target(self, pose: Pose) -> None:
        """Ease to ``pose`` (float32 [61], not changed afterwards)."""
        self._target = pose

    def forget(self) -> None:
        """Pick again at the next tick (the library changed)."""
        self._picked = None

    def apply(self, pose: Pose, time_ns: int) -> None:
        """Add the mood to ``pose`` for the tick at ``time_ns``."""
        vector = self.state.at(time_ns)
        if self._must_pick(vector):
            self._picked = vector
            self._request(vector)
        elapsed_s = 0.0 if self._before_ns is None else max(time_ns - self._before_ns, 0) / NS_PER_S
        self._before_ns = time_ns
        target = self._target
        if target is self._unseen:
            return
        np.subtract(target, self._pose, out=self._scratch)
        np.multiply(self._scratch, 1 - math.exp(-elapsed_s / _SMOOTHING_S), out=self._scratch)
        np.add(self._pose, self._scratch, out=self._pose)
        if not target.any() and float(np.dot(self._pose, self._pose)) < _INVISIBLE:
            self._pose.fill(0.0)
            self._unseen = target
            return
        np.multiply(self._pose, self._strength(time_ns), out=self._scratch)
        np.add(pose, self._scratch, out=pose)

    def _must_pick(self, vector: Vector) -> bool:
        if self._picked is None:
            return True
        moved = distance(vector, self._picked)
        resting = vector == self.state.baseline
        return moved > _MOVED or (resting and moved > _SETTLED)

    def _strength(self, time_ns: int) -> float:
        seconds = time_ns / NS_PER_S
        waves = sum(
            math.sin(2 * math.pi * seconds / period_s + phase)
            for period_s, phase in zip(_SWELL_PERIODS_S, self._phases, strict=True)
        )
        return 1 + _SWELL * waves / len(_SWELL_PERIODS_S)


def peak_of(curves: Curves) -> Pose:
    """The frame in which a clip moves the face most: the expression it is about. float32 [61]."""
    strengths = np.abs(curves.astype(np.float32)).sum(axis=1)
    peak: Pose = curves[int(strengths.argmax())].astype(np.float32)
    return peak
