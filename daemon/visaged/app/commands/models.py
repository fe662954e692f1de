"""What the commands about models do here (control/handlers.py: ModelHandlers). Worker thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from visaged.control.handlers import Progress
from visaged.control.protocol.commands import models as m
from visaged.control.protocol.refusal import Refusal
from visaged.face.manager import SolverManager
from visaged.inference.errors import PackageError, SessionError
from visaged.inference.find import list_packages
from visaged.inference.package import Package


class ModelCommands:
    """Lists packages and swaps the solver's."""

    def __init__(self, roots: Sequence[Path], solvers: SolverManager, use: Callable[[Package, str], None]) -> None:
        """``use(package, precision)`` makes the face use it; raises PackageError, SessionError, ValueError."""
        self._roots = tuple(roots)
        self._solvers = solvers
        self._use = use

    def models_list(self, request: m.ModelsList, progress: Progress) -> m.ModelsListed:
        """All packages, also those that cannot be used."""
        return m.ModelsListed(models=tuple(self._entry(package) for package in self._packages()))

    def models_select(self, request: m.ModelsSelect, progress: Progress) -> m.ModelSelected:
        """Use another package; what runs goes on until it is open."""
        named = [package for package in self._packages() if package.manifest.name == request.name]
        found = [package for package in named if request.version in (None, package.manifest.version)]
        if not found:
            there = ", ".join(f"{p.manifest.name} {p.manifest.version}" for p in self._packages()) or "none"
            raise Refusal("not_found", f"there is no such sound package; there is {there}", "name")
        package = found[0]
        if package.manifest.kind not in ("lipsync", "neurosync"):
            kind = package.manifest.kind
            raise Refusal(
                "unavailable", f"{request.name} is a {kind} package; lipsync and neurosync move the face", "name"
            )
        progress("opening", None)
        try:
            self._use(package, request.precision)
        except (PackageError, SessionError, ValueError) as error:
            raise Refusal("failed", f"{error}; the model before stays in use", "name") from None
        return m.ModelSelected(
            kind=package.manifest.kind,
            name=package.manifest.name,
            version=package.manifest.version,
            precision=self._solvers.precision or "",
            providers=self._solvers.providers,
        )

    def _packages(self) -> list[Package]:
        packages: list[Package] = []
        for root in self._roots:
            packages += list_packages(root)[0]
        return packages

    def _entry(self, package: Package) -> m.ModelEntry:
        running = self._solvers.package
        return m.ModelEntry(
            kind=package.manifest.kind,
            name=package.manifest.name,
            version=package.manifest.version,
            precisions=tuple(package.manifest.files),
            selected=running is not None and running.folder == package.folder,
        )
