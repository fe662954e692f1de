"""Who is judged.

Solvers of this project, run as live (streaming, state in and out), and two mouths that know nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.lipsync.eval.signals import Signals, from_poses
from visaged.curves import COUNT, INDEX, Pose, make_legal
from visaged.face.energy import EnergySolver
from visaged.face.lipsync.solver import LipsyncSolver
from visaged.face.solver import FRAME_RATE_HZ, HOP, Solver
from visaged.inference.find import WHEEL_ROOT
from visaged.inference.package import Package, load_package

Sound = NDArray[np.float32]
_JAW: Final = INDEX["JawOpen"]


class ContenderError(Exception):
    """Nobody of that name can be judged here: names it and what is accepted."""


class ShutMouth:
    """Always closed: finds every p, b, m. Nobody may be proud of a recall alone."""

    name = "shut mouth"
    lookahead_ms = 0.0

    def initial_state(self) -> None:
        """Nothing to remember."""

    def step(self, sound: Sound, state: None, pose: Pose) -> None:
        """A neutral pose."""
        del sound, state
        pose.fill(0.0)


class LoudnessFollower:
    """The jaw follows the level, as cheap avatars do: closed below 18 dB under the loudest so far."""

    name = "loudness follower"
    lookahead_ms = 0.0

    def initial_state(self) -> float:
        """The loudest frame so far, dBFS."""
        return -60.0

    def step(self, sound: Sound, state: float, pose: Pose) -> float:
        """JawOpen rises linearly over 18 dB to 0.5."""
        level_db = 10.0 * np.log10(np.mean(np.square(sound)) + 1e-10)
        loudest = max(state - 0.05, float(level_db))
        pose.fill(0.0)
        pose[_JAW] = 0.5 * min(max((level_db - loudest + 18.0) / 18.0, 0.0), 1.0)
        return loudest


class Contender:
    """A solver under a name."""

    def __init__(self, name: str, solver: Solver[Any]) -> None:
        self.name = name
        self.solver = solver

    def hear(self, sound: Sound) -> Signals:
        """The mouth for ``sound`` (float32, 48 kHz), in its time; the look-ahead is flushed with silence."""
        return from_poses(*run(self.solver, sound))


class PackageRun:
    """One precision of a package, run once per sound: a step answers for every look-ahead, so none is run twice."""

    def __init__(self, package: Package, precision: str) -> None:
        longest_ms = max(package.manifest.lookahead_ms)
        self._solver = LipsyncSolver(package, longest_ms, precision)
        self._longest_ms = longest_ms
        self._delay_ms = self._solver.lookahead_ms - longest_ms
        self._sound: Sound | None = None
        self._poses: dict[str, NDArray[np.float32]] = {}

    def poses(self, sound: Sound, lookahead_ms: float) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        """As ``run``, for one of the package's look-aheads."""
        if sound is not self._sound:
            self._run(sound)
            self._sound = sound
        poses = self._poses[f"curves_{lookahead_ms:g}"]
        return in_time(poses, lookahead_ms + self._delay_ms)

    def _run(self, sound: Sound) -> None:
        steps = _steps(sound, self._longest_ms + self._delay_ms)
        state = self._solver.initial_state()
        pose = np.zeros(COUNT, np.float32)
        names = [name for name in state.stream.outputs if name.startswith("curves_")]
        self._poses = {name: np.zeros((len(steps), COUNT), np.float32) for name in names}
        for number, step in enumerate(steps):
            state = self._solver.step(step, state, pose)
            for name in names:
                self._poses[name][number] = state.stream.outputs[name][0]
        for poses in self._poses.values():
            for pose in poses:
                make_legal(pose)


class PackageContender(Contender):
    """One look-ahead of a package; contenders of one package share its run."""

    def __init__(self, name: str, solver: LipsyncSolver, lookahead_ms: float, shared: PackageRun) -> None:
        super().__init__(name, solver)
        self._lookahead_ms = lookahead_ms
        self._shared = shared

    def hear(self, sound: Sound) -> Signals:
        """As ``Contender.hear``."""
        return from_poses(*self._shared.poses(sound, self._lookahead_ms))


def run(solver: Solver[Any], sound: Sound) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Poses float32 [frames, 61] and the times in ``sound`` that they belong to, from a fresh stream."""
    steps = _steps(sound, solver.lookahead_ms)
    poses = np.zeros((len(steps), COUNT), np.float32)
    state = solver.initial_state()
    for step, pose in zip(steps, poses, strict=True):
        state = solver.step(step, state, pose)
    return in_time(poses, solver.lookahead_ms)


def in_time(poses: NDArray[np.float32], lookahead_ms: float) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """The ``poses`` of steps 0, 1, … that belong to the sound, and when; the first belong to what was before it."""
    times_s = (np.arange(len(poses)) + 1) / FRAME_RATE_HZ - lookahead_ms / 1e3
    kept = times_s >= 0.0
    return poses[kept], times_s[kept]


def default_package() -> str:
    """The shipped package's folder, empty where there is none."""
    folder = WHEEL_ROOT / "lipsync"
    return str(folder) if (folder / "model.json").is_file() else ""


def find(name: str) -> Contender:
    """``energy[@MS]``, ``shut``, ``follower``, or ``FOLDER[@MS][:PRECISION]`` of a lipsync package.

    Raises ContenderError.
    """
    simple: dict[str, Callable[[], Solver[Any]]] = {"shut": ShutMouth, "follower": LoudnessFollower}
    if name in simple:
        solver = simple[name]()
        return Contender(solver.name, solver)
    what, _, precision = name.partition(":")
    what, _, lookahead = what.partition("@")
    try:
        lookahead_ms = float(lookahead or 40)
    except ValueError as error:
        raise ContenderError(f"'{name}': '{lookahead}' is not a number of milliseconds") from error
    if what == "energy":
        solver = EnergySolver(lookahead_ms)
        return Contender(f"energy {solver.lookahead_ms:g} ms", solver)
    if not (Path(what) / "model.json").is_file():
        raise ContenderError(f"'{name}' is not energy, shut, follower or the folder of a model package")
    package = load_package(Path(what))
    trained = LipsyncSolver(package, lookahead_ms, precision or "auto")
    name = f"{package.manifest.name} {trained.precision} {lookahead_ms:g} ms"
    return PackageContender(name, trained, lookahead_ms, _shared_run(package.folder, trained.precision))


@lru_cache(maxsize=4)
def _shared_run(folder: Path, precision: str) -> PackageRun:
    return PackageRun(load_package(folder), precision)


def _steps(sound: Sound, lookahead_ms: float) -> NDArray[np.float32]:
    """``sound`` and the silence that flushes the look-ahead, [steps, HOP]."""
    count = int(np.ceil(len(sound) / HOP + lookahead_ms * FRAME_RATE_HZ / 1e3))
    padded = np.zeros(count * HOP, np.float32)
    padded[: len(sound)] = sound
    return padded.reshape(count, HOP)
