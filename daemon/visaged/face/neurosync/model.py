"""NeuroSync's network in this process: one window in, one answer out, on the thread that asks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from visaged.clock import NS_PER_MS, now_ns
from visaged.curves import COUNT
from visaged.face.neurosync.features.clip import FEATURES
from visaged.face.neurosync.features.stream import WINDOW
from visaged.face.neurosync.window import OUTPUTS, Job
from visaged.inference.engines import DEFAULT_CACHE
from visaged.inference.errors import PackageError, SessionError
from visaged.inference.package import Package
from visaged.inference.step import StepRunner


class WindowModel:
    """The session. ``features`` float32 [1, 128, 256] -> ``curves`` float32 [1, 128, 68 or 61], no state.

    For one thread.
    """

    def __init__(
        self,
        package: Package,
        precision: str,
        providers: Sequence[str],
        threads: int,
        engine_cache: Path = DEFAULT_CACHE,
    ) -> None:
        """Raises PackageError (another graph), SessionError (does not run as asked)."""
        _check(package)
        self._runner = StepRunner(package, precision, providers, threads, engine_cache)
        self.precision = self._runner.precision
        self.providers = self._runner.providers
        self._bound = self._runner.initial_state()

    def solve(self, job: Job) -> None:
        """Answer ``job``; what goes wrong is its ``error``."""
        began_ns = now_ns()
        job.error = None
        try:
            self._bound.inputs["features"][0] = job.features
            self._bound = self._runner.step(self._bound)
            answer = self._bound.outputs["curves"][0]
            job.curves[:, : answer.shape[1]] = answer
            if not np.isfinite(job.curves).all():
                raise SessionError(f"{self._runner.package.manifest.name} answered with NaN or infinity")
        # The model is a stranger's and so is what its library raises; whoever waits must hear of it.
        except Exception as error:  # noqa: BLE001
            job.error = error
        job.took_ms = (now_ns() - began_ns) / NS_PER_MS


class Patient:
    """Solves at once, while the caller waits: for recordings, where nothing is late. A ``Solves``."""

    failure = None

    def __init__(self, model: WindowModel) -> None:
        self._model = model

    def offer(self, job: Job) -> bool:
        """Solve it."""
        self._model.solve(job)
        return True

    def answered(self, job: Job, wait_s: float = 0.0) -> bool:
        """It is."""
        return True


def _check(package: Package) -> None:
    manifest = package.manifest
    for side, specs, name, shapes in (
        ("inputs", manifest.inputs, "features", [(1, WINDOW, FEATURES)]),
        ("outputs", manifest.outputs, "curves", [(1, WINDOW, OUTPUTS), (1, WINDOW, COUNT)]),
    ):
        if [(spec.name, spec.dtype) for spec in specs] != [(name, "float32")] or specs[0].shape not in shapes:
            accepted = " or ".join(str(list(shape)) for shape in shapes)
            raise PackageError(package.folder, side, f"must be {name}, float32 {accepted}, and nothing else")
    if manifest.state:
        raise PackageError(package.folder, "state", "must be empty: a window is solved whole")
