"""Solves windows on a thread of its own, so that the solver's never waits for a model that takes many frames."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from visaged.clock import NS_PER_MS, now_ns
from visaged.config import InferenceSettings
from visaged.curves import COUNT
from visaged.face.neurosync_emotion import EMOTIONS
from visaged.face.neurosync_features import FEATURES, Features
from visaged.face.neurosync_stream import WINDOW
from visaged.inference.engines import DEFAULT_CACHE
from visaged.inference.errors import PackageError, SessionError
from visaged.inference.package import Package
from visaged.inference.providers import AUTO
from visaged.inference.step import StepRunner

log = logging.getLogger(__name__)

OUTPUTS: Final = COUNT + EMOTIONS
"""68 columns: the 61 curves in percent, then seven emotions. Weights trained on curves alone have no emotions."""

# Of the session's threads, beyond the daemon's own: below all that moves the face, where only niceness counts.
_NICENESS: Final = 5
# More than this wait for each other at 128 frames.
_MOST_THREADS: Final = 8
# Windows that a box is timed by, after one to warm up; more of them where they are short.
_TIMED: Final = 3
_TIMED_AT_MOST: Final = 20
_TIMED_MS: Final = 500.0
# No window takes that long on any box that could use its answer.
STUCK_S: Final = 5.0
# The first window may have to wait for memory, or for a kernel to be compiled.
_OPENING_S: Final = 60.0


class Job:
    """One window: filled by a stream, answered by a worker, and used again."""

    def __init__(self) -> None:
        self.features: Features = np.zeros((WINDOW, FEATURES), np.float32)
        self.curves: NDArray[np.float32] = np.zeros((WINDOW, OUTPUTS), np.float32)
        self.end = 0
        """The stream's frame after the window's last."""
        self.took_ms = 0.0
        self.error: Exception | None = None
        self.answered = threading.Event()


class Solves(Protocol):
    """Who takes jobs."""

    @property
    def alive(self) -> bool:
        """Whether a job that was taken will ever be answered."""
        ...

    def offer(self, job: Job) -> bool:
        """Take ``job`` if there is nothing else to do; ``job.answered`` is set when it is done. Never waits."""
        ...


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
    """Solves at once, while the caller waits: for recordings, where nothing is late."""

    alive = True

    def __init__(self, model: WindowModel) -> None:
        self._model = model

    def offer(self, job: Job) -> bool:
        """Solve it."""
        self._model.solve(job)
        job.answered.set()
        return True


def threads_for(inference: InferenceSettings) -> int:
    """As set; else every core, for a window is worth hundreds of steps of the lip-sync model."""
    if "threads" in inference.model_fields_set:
        return inference.threads
    return min(len(os.sched_getaffinity(0)), _MOST_THREADS)


def measured_ms(worker: Solves) -> float:
    """What a window costs now, in ms, while no stream uses ``worker``. Raises SessionError."""
    job, times_ms = Job(), list[float]()
    while len(times_ms) <= _TIMED or (len(times_ms) < _TIMED_AT_MOST and sum(times_ms) < _TIMED_MS):
        if not worker.offer(job) or not job.answered.wait(_OPENING_S):
            raise SessionError(f"the NeuroSync model does not answer within {_OPENING_S:g} s")
        if job.error is not None:
            raise SessionError(str(job.error)) from job.error
        times_ms.append(job.took_ms)
    # The rest of the box is busy, too, while it starts: the quicker ones say what it can do.
    return sorted(times_ms[1:])[len(times_ms) // 4]


class Worker:
    """A thread ("neurosync") with its model. ``offer``: one thread at a time; ``close``: any."""

    def __init__(
        self,
        package: Package,
        precision: str,
        providers: Sequence[str] = (AUTO,),
        threads: int = 1,
        engine_cache: Path = DEFAULT_CACHE,
    ) -> None:
        """Returns when the model is open. Raises PackageError, SessionError."""
        self._job: Job | None = None
        self._wake = threading.Event()
        self._closing = False
        self._failure: Exception | None = None
        self.model: WindowModel
        arguments = (package, precision, tuple(providers), threads, engine_cache)
        opener = threading.Thread(target=self._open, args=arguments)
        opener.start()
        opener.join()
        if self._failure is not None:
            raise self._failure
        self._thread = threading.Thread(target=self._run, name="neurosync", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """See ``Solves``."""
        return self._thread.is_alive()

    def offer(self, job: Job) -> bool:
        """See ``Solves``."""
        if self._job is not None:
            return False
        job.answered.clear()
        self._job = job
        self._wake.set()
        return True

    def close(self) -> None:
        """Let the thread end and the model go, once the window in progress is solved."""
        self._closing = True
        self._wake.set()

    def join(self) -> None:
        """Wait for that."""
        self._thread.join(STUCK_S)
        if self._thread.is_alive():
            log.error("the NeuroSync model does not return from a window; its thread is left behind")

    def _open(
        self, package: Package, precision: str, providers: Sequence[str], threads: int, engine_cache: Path
    ) -> None:
        # The threads that the session makes inherit this. The worker must not have it: a thread that has to wait for
        # its turn while it holds the interpreter lock makes the face wait, too.
        thread = threading.get_native_id()
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + _NICENESS)
        try:
            self.model = WindowModel(package, precision, providers, threads, engine_cache)
        # Handed to whoever opens the worker, whatever it is.
        except Exception as error:  # noqa: BLE001
            self._failure = error

    def _run(self) -> None:
        while not self._closing:
            self._wake.wait()
            self._wake.clear()
            job = self._job
            if job is not None:
                self.model.solve(job)
                # Free before it is answered: the answer may make a stream offer the next.
                self._job = None
                job.answered.set()
        # Whoever still holds the worker must not hold the model's memory.
        del self.model


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
