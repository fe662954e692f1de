"""From settings to a running solver: the one asked for, off the boot path, or the fallback with a plain word."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol

from visaged.config import Settings
from visaged.face.factory import OpenedSolver, SolverCallbacks, SolverFactory, Trouble
from visaged.face.solver import Solver
from visaged.guard import once
from visaged.inference.errors import NoPackageError, PackageError, SessionError
from visaged.inference.find import list_packages
from visaged.inference.package import Package
from visaged.metrics import Metrics
from visaged.problems import Problems

log = logging.getLogger(__name__)

PROBLEM: Final = "solver_package"
_OPENER_REMEDY: Final = "The solver before moves the mouth meanwhile; see the log, then restart or models.select"


class TakesSolver(Protocol):
    """Where a solver goes: the solver stage, or whoever renders without one."""

    def select(self, solver: Solver[Any] | None) -> None:
        """Use ``solver`` from now on; None: none."""
        ...


class SolverManager:
    """Makes solvers and hands them to the stage. Opening a model takes a tenth of a second or more: never on the boot
    path. Of several that are being opened at a time, the one asked for last is selected.
    """

    def __init__(
        self,
        roots: Sequence[Path],
        problems: Problems,
        callbacks: SolverCallbacks | None = None,
        metrics: Metrics | None = None,
        *,
        patient: bool = False,
    ) -> None:
        """``patient``: for a recording, which waits for its solver; else the solver never waits."""
        self._roots = tuple(roots)
        self._problems = problems
        self._callbacks = callbacks or SolverCallbacks()
        self._opener = SolverFactory(problems, metrics or Metrics(), self._callbacks, patient=patient)
        self._lock = threading.Lock()
        self._asked = 0
        self._running: OpenedSolver | None = None
        self._last: OpenedSolver | None = None  # closed, and perhaps not gone yet

    @property
    def package(self) -> Package | None:
        """What the running solver came from; None: it has no model."""
        running = self._running
        return None if running is None else running.package

    @property
    def precision(self) -> str | None:
        """Of the running model."""
        running = self._running
        return None if running is None else running.precision

    @property
    def providers(self) -> tuple[str, ...]:
        """What the running session really uses."""
        running = self._running
        return () if running is None else running.providers

    def pids(self) -> tuple[int, ...]:
        """Processes that the running solver has for itself."""
        running = self._running
        return () if running is None else running.pids()

    def find(self, name: str, version: str) -> Package:
        """The package of that name and version. Raises NoPackageError. Hashes what it finds: not on the boot path."""
        for root in self._roots:
            for package in list_packages(root)[0]:
                if (package.manifest.name, package.manifest.version) == (name, version):
                    return package
        raise NoPackageError(f"there is no usable package {name} {version} in {', '.join(map(str, self._roots))}")

    def fallback(self, settings: Settings) -> Solver[Any]:
        """The solver that needs no model."""
        return self._opener.without_model(settings)

    def open_later(self, settings: Settings, stage: TakesSolver) -> None:
        """Open what ``settings`` ask for on a thread and give it to ``stage``, which goes on as it is until then."""
        arguments = (settings, stage, self._ask())
        once(partial(self._open, *arguments), "solver-opener", self._problems, _OPENER_REMEDY).start()

    def open(self, settings: Settings, stage: TakesSolver) -> None:
        """Open and select; when no package can be used, the fallback, and a problem that says why."""
        self._open(settings, stage, self._ask())

    def rest(self, stage: TakesSolver) -> None:
        """No solver at all."""
        self._select(None, None, stage, self._ask())

    def open_package(self, package: Package, precision: str, settings: Settings, stage: TakesSolver) -> None:
        """Use ``package``. Raises PackageError, SessionError, LookaheadError; what runs goes on then."""
        self._open_package(package, precision, settings, stage, self._ask())

    def open_package_later(self, package: Package, precision: str, settings: Settings, stage: TakesSolver) -> None:
        """As ``open_later``, with a package that was used before; if it cannot be opened now, what settings ask for."""
        asked = self._ask()

        def reopen() -> None:
            try:
                self._open_package(package, precision, settings, stage, asked)
            except (PackageError, SessionError, ValueError) as error:
                log.warning("%s", error)
                self._open(settings, stage, asked)

        once(reopen, "solver-opener", self._problems, _OPENER_REMEDY).start()

    def close(self) -> None:
        """Let go of all models and wait until they are gone; the stage has stopped."""
        with self._lock:
            self._asked += 1
            left = [opened for opened in (self._last, self._running) if opened is not None]
        for opened in left:
            opened.close()
        for opened in left:
            opened.join()

    def _ask(self) -> int:
        with self._lock:
            self._asked += 1
            asked = self._asked
        self._callbacks.trouble(None)
        return asked

    def _trouble(self, asked: int) -> Trouble:
        """Passes on what the solver asked for as number ``asked`` has to say, as long as it is the newest."""

        def tell(reason: str | None) -> None:
            if asked == self._asked:
                self._callbacks.trouble(reason)

        return tell

    def _open(self, settings: Settings, stage: TakesSolver, asked: int) -> None:
        if settings.face.solver == "energy":
            self._problems.clear(PROBLEM)
            self._select(None, self.fallback(settings), stage, asked)
            return
        try:
            opened, refused = self._opener.first(self._roots, settings, self._trouble(asked))
        except (NoPackageError, PackageError, SessionError, ValueError) as error:
            remedy = (
                'The energy solver moves the mouth meanwhile. Install a usable package, or set face.solver = "energy"'
            )
            self._problems.open(PROBLEM, str(error), remedy)
            self._select(None, self.fallback(settings), stage, asked)
            return
        if refused:
            remedy = f"{opened.package.folder} is used instead; remove or replace what was refused"
            self._problems.open(PROBLEM, "; ".join(map(str, refused)), remedy)
        else:
            self._problems.clear(PROBLEM)
        self._select(opened, opened.solver, stage, asked)

    def _open_package(
        self, package: Package, precision: str, settings: Settings, stage: TakesSolver, asked: int
    ) -> None:
        opened = self._opener.package(package, precision, settings, self._trouble(asked))
        self._problems.clear(PROBLEM)
        self._select(opened, opened.solver, stage, asked)

    def _select(self, opened: OpenedSolver | None, solver: Solver[Any] | None, stage: TakesSolver, asked: int) -> None:
        """Let ``solver`` run, unless another was asked for meanwhile; what ran before is closed."""
        with self._lock:
            newest = asked == self._asked
            old = self._running if newest else opened
            if newest:
                if self._running is not None:
                    self._running.replaced()
                self._running = opened
                stage.select(solver)
                if opened is not None:
                    opened.selected()
            self._last = old or self._last
        if old is not None:
            old.close()
