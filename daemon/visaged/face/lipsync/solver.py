"""The trained solver: a small streaming model from a package (inference/), voice to mouth curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from visaged.curves import COUNT, Pose, make_legal
from visaged.decimate import Decimator
from visaged.face.solver import FRAME_RATE_HZ, HOP, Sound
from visaged.inference.errors import PackageError, SessionError
from visaged.inference.find import open_first
from visaged.inference.package import Package
from visaged.inference.providers import AUTO
from visaged.inference.step import StepRunner, StepState

DEFAULT_LOOKAHEAD_MS: Final = 40.0

# A step of this model takes well under a millisecond on one core; the way to a GPU and back alone costs as much.
_AUTO_PROVIDERS: Final = ("cpu",)


# -6 dBFS RMS for a sixth of a second: feedback, a plug pulled, a square wave. Speech peaks at full scale have -12
# dBFS or less.
_OVERLOAD_POWER: Final = 0.25
_OVERLOAD_STEPS: Final = 10
# Louder than full scale can be: no converter gave this.
_ABSURD_POWER: Final = 1.0


class LookaheadError(ValueError):
    """``face.lookahead_ms`` is not one of the model's choices."""


@dataclass
class LipsyncState:
    """One stream: the model's tensors and the decimation filter's history."""

    stream: StepState
    history: Sound
    overload_steps: int = 0
    """How many steps in a row were louder than any voice."""
    activity: float = 0.0
    """How sure the model was in the last step that somebody speaks, 0..1; 0 if the model does not tell."""


class LipsyncSolver:
    """A ``Solver`` (solver.py) around a lipsync package.

    The graph: ``sound`` float32 [1, samples of 1/60 s], ``state_*`` -> ``next_state_*``, ``curves`` or one
    ``curves_<ms>`` per look-ahead (float32 [1, 61]), and optionally ``activity`` (float32 [1, 1]). For one thread.
    """

    name = "lipsync"

    def __init__(
        self,
        package: Package,
        lookahead_ms: float = DEFAULT_LOOKAHEAD_MS,
        precision: str = AUTO,
        providers: Sequence[str] = (AUTO,),
    ) -> None:
        """Raises LookaheadError, PackageError (not such a graph), SessionError (does not run as asked)."""
        manifest = package.manifest
        if lookahead_ms not in manifest.lookahead_ms:
            choices = ", ".join(f"{choice:g}" for choice in manifest.lookahead_ms)
            raise LookaheadError(
                f"face.lookahead_ms = {lookahead_ms:g}: {manifest.name} {manifest.version} offers {choices}"
            )
        self._decimator = _decimator(package)
        self._curves = _curves_output(package, lookahead_ms)
        self._has_activity = any(spec.name == "activity" and spec.shape == (1, 1) for spec in manifest.outputs)
        self._runner = StepRunner(package, precision, _AUTO_PROVIDERS if list(providers) == [AUTO] else providers)
        self.lookahead_ms = lookahead_ms + self._decimator.delay_ms
        self.package = package
        self.precision = self._runner.precision
        self.providers = self._runner.providers
        """What the session really uses, for health."""

    def initial_state(self) -> LipsyncState:
        """The state of a stream that has heard nothing but silence."""
        return LipsyncState(self._runner.initial_state(), self._decimator.initial_state())

    def step(self, sound: Sound, state: LipsyncState, pose: Pose) -> LipsyncState:
        """Hear ``sound`` (float32 [800]), write all of ``pose`` (float32 [61]), return the state. Raises SessionError.

        Should the model ever answer with something that is not a number, the pose is neutral there and the stream
        starts anew.
        """
        power = float(np.dot(sound, sound)) / HOP
        if not power < _ABSURD_POWER:
            sound = np.clip(sound, -1.0, 1.0)
        if self._after_overload(power, state):
            state = self.initial_state()
        stream = state.stream
        self._decimator.step(sound, state.history, stream.inputs["sound"][0])
        stream = self._runner.step(stream)
        pose[:] = stream.outputs[self._curves][0]
        if not make_legal(pose):
            return self.initial_state()
        if self._has_activity:
            state.activity = float(stream.outputs["activity"][0, 0])
        return state

    def _after_overload(self, power: float, state: LipsyncState) -> bool:
        """Whether a spell of sound louder than any voice just ended: what the stream learned of levels is void."""
        if power > _OVERLOAD_POWER:
            state.overload_steps += 1
            return False
        ended = state.overload_steps >= _OVERLOAD_STEPS
        state.overload_steps = 0
        return ended


def open_lipsync(
    roots: Sequence[Path],
    lookahead_ms: float = DEFAULT_LOOKAHEAD_MS,
    precision: str = AUTO,
    providers: Sequence[str] = (AUTO,),
) -> tuple[LipsyncSolver, list[PackageError | SessionError]]:
    """The solver from the first usable package under ``roots`` (find.search_roots), and what had to be refused.

    Raises NoPackageError (then the energy solver takes over) and LookaheadError (a wrong setting).
    """
    return open_first("lipsync", roots, lambda package: LipsyncSolver(package, lookahead_ms, precision, providers))


def _decimator(package: Package) -> Decimator:
    manifest = package.manifest
    if manifest.frame_rate_hz != FRAME_RATE_HZ:
        raise PackageError(package.folder, "frame_rate_hz", f"is {manifest.frame_rate_hz:g}; this solver steps at 60")
    try:
        decimator = Decimator(manifest.sample_rate_hz, HOP)
    except ValueError as error:
        raise PackageError(package.folder, "sample_rate_hz", str(error)) from error
    inputs = {spec.name: (spec.shape, spec.dtype) for spec in manifest.inputs}
    if inputs != {"sound": ((1, decimator.hop), "float32")}:
        raise PackageError(package.folder, "inputs", f"must be sound, float32 [1, {decimator.hop}], and nothing else")
    return decimator


def _curves_output(package: Package, lookahead_ms: float) -> str:
    """The output that holds the curves of a look-ahead."""
    outputs = {spec.name: (spec.shape, spec.dtype) for spec in package.manifest.outputs}
    name = f"curves_{lookahead_ms:g}"
    if name not in outputs and len(package.manifest.lookahead_ms) == 1:
        name = "curves"
    if outputs.get(name) != ((1, COUNT), "float32"):
        raise PackageError(package.folder, "outputs", f"must hold {name}, float32 [1, {COUNT}]")
    return name
