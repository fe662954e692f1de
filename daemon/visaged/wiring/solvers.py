"""From settings to a running solver: the one asked for, off the boot path, or the fallback with a plain word."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from visaged.config import Settings
from visaged.face.energy import EnergySolver
from visaged.face.prosody import ProsodyGains, ProsodySolver
from visaged.face.solver import Solver
from visaged.inference.errors import NoPackageError, PackageError, SessionError
from visaged.inference.package import Package
from visaged.problems import Problems

log = logging.getLogger(__name__)

PROBLEM = "solver_package"


class TakesSolver(Protocol):
    """Where a solver goes: the solver stage, or whoever renders without one."""

    def select(self, solver: Solver[Any] | None) -> None:
        """Use ``solver`` from now on; None: none."""
        ...


class Solvers:
    """Makes solvers and hands them to the stage. Opening a model takes a tenth of a second: never on the boot path."""

    def __init__(self, roots: Sequence[Path], problems: Problems, on_phrase_end: Callable[[], None]) -> None:
        self._roots = tuple(roots)
        self._problems = problems
        self._on_phrase_end = on_phrase_end
        self.package: Package | None = None
        """What the running solver came from; None: it has no model."""
        self.precision: str | None = None
        self.providers: tuple[str, ...] = ()

    def fallback(self, settings: Settings) -> Solver[Any]:
        """The solver that needs no model."""
        return self._with_prosody(EnergySolver(settings.face.lookahead_ms), settings)

    def open_later(self, settings: Settings, stage: TakesSolver) -> None:
        """Open what ``settings`` ask for on a thread and give it to ``stage``, which goes on as it is until then."""
        threading.Thread(target=self.open, args=(settings, stage), name="solver-opener", daemon=True).start()

    def open(self, settings: Settings, stage: TakesSolver) -> None:
        """Open and select; when no package can be used, the fallback, and a problem that says why."""
        if settings.face.solver == "energy":
            self.package, self.precision, self.providers = None, None, ()
            self._problems.clear(PROBLEM)
            stage.select(self.fallback(settings))
            return
        # ONNX Runtime takes longer to import than all of the rest.
        from visaged.face.lipsync import LookaheadError, open_lipsync  # noqa: PLC0415

        inference = settings.inference
        try:
            solver, refused = open_lipsync(
                self._roots, settings.face.lookahead_ms, inference.precision, inference.providers
            )
        except (NoPackageError, PackageError, SessionError, LookaheadError) as error:
            self._fall_back(str(error), settings, stage)
            return
        if refused:
            remedy = f"{solver.package.folder} is used instead; remove or replace what was refused"
            self._problems.open(PROBLEM, "; ".join(map(str, refused)), remedy)
        else:
            self._problems.clear(PROBLEM)
        self.package, self.precision, self.providers = solver.package, solver.precision, tuple(solver.providers)
        stage.select(self._with_prosody(solver, settings))

    def rest(self, stage: TakesSolver) -> None:
        """No solver at all."""
        self.package, self.precision, self.providers = None, None, ()
        stage.select(None)

    def open_package(self, package: Package, precision: str, settings: Settings, stage: TakesSolver) -> None:
        """Use ``package``. Raises PackageError, SessionError, LookaheadError; what runs goes on then."""
        from visaged.face.lipsync import LipsyncSolver  # noqa: PLC0415

        solver = LipsyncSolver(package, settings.face.lookahead_ms, precision, settings.inference.providers)
        self.package, self.precision, self.providers = package, solver.precision, tuple(solver.providers)
        self._problems.clear(PROBLEM)
        stage.select(self._with_prosody(solver, settings))

    def open_package_later(self, package: Package, precision: str, settings: Settings, stage: TakesSolver) -> None:
        """As ``open_later``, with a package that was used before; if it cannot be opened now, what settings ask for."""

        def reopen() -> None:
            try:
                self.open_package(package, precision, settings, stage)
            except (PackageError, SessionError, ValueError) as error:
                log.warning("%s", error)
                self.open(settings, stage)

        threading.Thread(target=reopen, name="solver-opener", daemon=True).start()

    def _fall_back(self, reason: str, settings: Settings, stage: TakesSolver) -> None:
        self.package, self.precision, self.providers = None, None, ()
        remedy = 'The energy solver moves the mouth meanwhile. Install a sound package, or set face.solver = "energy"'
        self._problems.open(PROBLEM, reason, remedy)
        stage.select(self.fallback(settings))

    def _with_prosody(self, solver: Solver[Any], settings: Settings) -> Solver[Any]:
        gain = settings.face.prosody
        return ProsodySolver(solver, ProsodyGains(gain, gain), self._on_phrase_end) if gain else solver
