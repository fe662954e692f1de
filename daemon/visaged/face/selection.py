"""Which solver moves the face: what the settings ask for, a package chosen by command, or a fallback level."""

from __future__ import annotations

from collections.abc import Callable

from visaged.config import Settings
from visaged.face.degradation import FallbackLevel, SolverDegradation, fallback_levels, level_name, with_solver
from visaged.face.manager import SolverManager
from visaged.face.stage import SolverStage
from visaged.inference.package import Package


class SolverSelection:
    """Commands and the thread that supervises, one at a time."""

    def __init__(
        self,
        manager: SolverManager,
        stage: SolverStage,
        degradation: SolverDegradation,
        settings: Callable[[], Settings],
    ) -> None:
        """``settings()``: those in force."""
        self.manager = manager
        self.degradation = degradation
        self._stage = stage
        self._settings = settings
        self._selected: tuple[Package, str] | None = None

    def start(self) -> None:
        """Open what the settings ask for, on a thread of its own; the fallback runs until then."""
        self.manager.open_later(self._settings(), self._stage)
        self.degradation.restart(self._levels)

    def use_settings(self, settings: Settings) -> None:
        """Another solver, or the same one with other settings."""
        self._selected = None
        self.manager.open(settings, self._stage)
        self.degradation.restart(self._levels)

    def use_package(self, package: Package, precision: str) -> None:
        """Another model for the face. Raises PackageError, SessionError, ValueError; the one before stays in use."""
        self.manager.open_package(package, precision, self._settings(), self._stage)
        self._selected = (package, precision)
        self.degradation.restart(self._levels)

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
