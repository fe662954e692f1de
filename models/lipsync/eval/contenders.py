"""Who is judged.

Solvers of this project, run as live (streaming, state in and out), and two mouths that know nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from models.lipsync.eval.signals import Signals, from_poses
from numpy.typing import NDArray

from visaged.curves import COUNT, INDEX, Pose
from visaged.face.energy import EnergySolver
from visaged.face.lipsync import LipsyncSolver
from visaged.face.solver import FRAME_RATE_HZ, HOP, Solver
from visaged.inference.find import WHEEL_ROOT
from visaged.inference.package import load_package

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


@dataclass(frozen=True)
class Contender:
    """A solver under a name. ``hear`` runs it over a sound as live."""

    name: str
    solver: Solver[Any]

    def hear(self, sound: Sound) -> Signals:
        """The mouth for ``sound`` (float32, 48 kHz), in its time; the look-ahead is flushed with silence."""
        poses, times_s = run(self.solver, sound)
        return from_poses(poses, times_s)


def run(solver: Solver[Any], sound: Sound) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Poses float32 [frames, 61] and the times in ``sound`` that they belong to, from a fresh stream."""
    steps = int(np.ceil((len(sound) / HOP) + solver.lookahead_ms * FRAME_RATE_HZ / 1e3))
    padded = np.zeros(steps * HOP, np.float32)
    padded[: len(sound)] = sound
    poses = np.zeros((steps, COUNT), np.float32)
    state = solver.initial_state()
    for number, pose in enumerate(poses):
        state = solver.step(padded[number * HOP : (number + 1) * HOP], state, pose)
    times_s = (np.arange(steps) + 1) / FRAME_RATE_HZ - solver.lookahead_ms / 1e3
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
    return Contender(f"{package.manifest.name} {trained.precision} {lookahead_ms:g} ms", trained)
