"""Which solver moves the face: what the settings ask for, a package chosen by command, or a fallback level."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final

from visaged.config import Settings
from visaged.face.degradation import FallbackLevel, SolverDegradation, fallback_levels, level_name, with_solver
from visaged.face.manager import SolverManager
from visaged.face.selected_model import SelectedModel, SelectedModelFile
from visaged.face.stage import SolverStage
from visaged.guard import once
from visaged.inference.errors import NoPackageError, PackageError, SessionError
from visaged.inference.package import Package
from visaged.problems import Problems

log = logging.getLogger(__name__)

PROBLEM: Final = "selected_model"
_REMEDY: Final = "What the settings ask for moves the face; install the package again, or select another: models.select"


class SolverSelection:
    """Commands and the thread that supervises, one at a time."""

    def __init__(
        self,
        manager: SolverManager,
        stage: SolverStage,
        degradation: SolverDegradation,
        settings: Callable[[], Settings],
        *,
        problems: Problems,
        kept: SelectedModelFile,
    ) -> None:
        """``settings()``: those in force; ``kept``: where a selection outlives a restart."""
        self.manager = manager
        self.degradation = degradation
        self._stage = stage
        self._settings = settings
        self._problems = problems
        self._kept = kept
        self._selected: tuple[Package, str] | None = None
        self._lock = threading.Lock()
        # Counts choices: what was selected before the restart may take seconds to open, and gives way to a newer one.
        self._choices = 0

    def start(self) -> None:
        """Open what was selected, else what the settings ask for, on a thread; the fallback runs until then."""
        try:
            kept = self._kept.read()
        except ValueError as error:
            self._problems.open(PROBLEM, str(error), _REMEDY)
            kept = None
        if kept is None:
            self.manager.open_later(self._settings(), self._stage)
        else:
            once(lambda: self._select_again(kept), "solver-opener", self._problems, _REMEDY).start()
        self.degradation.restart(self._levels)

    @property
    def selected(self) -> Package | None:
        """The package that was selected by command, whether or not it runs at the moment."""
        selected = self._selected
        return None if selected is None else selected[0]

    def use_settings(self, settings: Settings) -> None:
        """Another solver or precision: what was selected by command is over."""
        self._forget()
        self.manager.open(settings, self._stage)
        self.degradation.restart(self._levels)

    def reopen(self, settings: Settings) -> None:
        """The same solver, selected by command or not, with other settings."""
        if self._selected is None:
            self.manager.open(settings, self._stage)
        else:
            self.manager.open_package_later(*self._selected, settings, self._stage)
        self.degradation.restart(self._levels)

    def use_package(self, package: Package, precision: str) -> None:
        """Another model for the face, also after a restart.

        Raises PackageError, SessionError, ValueError; the one before stays in use.
        """
        self.manager.open_package(package, precision, self._settings(), self._stage)
        self._choose((package, precision))
        manifest = package.manifest
        self._kept.write(SelectedModel(name=manifest.name, version=manifest.version, precision=precision))
        self._problems.clear(PROBLEM)
        self.degradation.restart(self._levels)

    def _select_again(self, kept: SelectedModel) -> None:
        """What was selected before the restart; what cannot be used any more is a problem until another is selected."""
        before = self._choices
        try:
            package = self.manager.find(kept.name, kept.version)
            if self._choices != before:
                return
            self.manager.open_package(package, kept.precision, self._settings(), self._stage)
        except (NoPackageError, PackageError, SessionError, ValueError) as error:
            if self._choices == before:
                self._problems.open(PROBLEM, f"the selected model {kept} cannot be used: {error}", _REMEDY)
                self.manager.open(self._settings(), self._stage)
        else:
            with self._lock:
                if self._choices == before:
                    self._selected = (package, kept.precision)
                    log.info("model %s: selected before the restart", kept)

    def _choose(self, selected: tuple[Package, str] | None) -> None:
        with self._lock:
            self._choices += 1
            self._selected = selected

    def _forget(self) -> None:
        self._choose(None)
        self._kept.write(None)
        self._problems.clear(PROBLEM)

    def use_level(self, level: FallbackLevel) -> None:
        """The degradation steps down or up (the thread that supervises)."""
        if level is None:
            self.manager.rest(self._stage)
        elif self._selected is not None and level_name(level) == level_name(self._wanted()):
            self.manager.open_package_later(*self._selected, level, self._stage)
        else:
            self.manager.open_later(level, self._stage)

    def _levels(self) -> tuple[FallbackLevel, ...]:
        package = self.manager.package
        lower = () if package is None or self.manager.precision == "int8" else tuple(package.manifest.files)
        return fallback_levels(self._wanted(), lower)

    def _wanted(self) -> Settings:
        """The settings, with the solver that was selected by command."""
        selected = self._selected
        return self._settings() if selected is None else with_solver(self._settings(), selected[0].manifest.kind)
