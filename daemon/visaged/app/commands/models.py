"""The commands about models: list and select. Worker thread."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from visaged.app.commands.errors import package_refusals
from visaged.control.protocol.commands import models as m
from visaged.control.protocol.envelope import Nothing
from visaged.control.protocol.events import Events
from visaged.control.protocol.refusal import Refusal
from visaged.control.registry import Progress, Registry
from visaged.face.selection import SolverSelection
from visaged.inference.errors import PackageError, SessionError
from visaged.inference.find import BOX_ROOT, list_packages
from visaged.inference.package import Package
from visaged.inference.store import remove


class ModelCommands:
    """Lists packages and swaps the solver's."""

    def __init__(self, roots: Sequence[Path], selection: SolverSelection, events: Events) -> None:
        self._roots = tuple(roots)
        self._selection = selection
        self._events = events

    def serve(self, registry: Registry) -> None:
        """Register them."""
        registry.serve(m.MODELS_LIST, self.models_list)
        registry.serve(m.MODELS_SELECT, self.models_select)
        registry.serve(m.MODELS_REMOVE, self.models_remove)

    def models_list(self, request: m.ModelsList, progress: Progress) -> m.ModelsListed:
        """All packages, also those that cannot be used."""
        return m.ModelsListed(models=tuple(self._entry(package) for package in self._packages()))

    def models_select(self, request: m.ModelsSelect, progress: Progress) -> m.ModelSelected:
        """Use another package; what runs goes on until it is open."""
        named = [package for package in self._packages() if package.manifest.name == request.name]
        found = [package for package in named if request.version in (None, package.manifest.version)]
        if not found:
            there = ", ".join(f"{p.manifest.name} {p.manifest.version}" for p in self._packages()) or "none"
            raise Refusal("not_found", f"there is no such usable model package; there is {there}", "name")
        package = found[0]
        if package.manifest.kind not in ("lipsync", "neurosync"):
            kind = package.manifest.kind
            raise Refusal(
                "unavailable", f"{request.name} is a {kind} package; lipsync and neurosync move the face", "name"
            )
        progress("opening", None)
        try:
            self._selection.use_package(package, request.precision)
        except (PackageError, SessionError, ValueError) as error:
            raise Refusal("failed", f"{error}; the model before stays in use", "name") from None
        manifest, manager = package.manifest, self._selection.manager
        self._events.tell("model_changed", name=manifest.name, version=manifest.version)
        return m.ModelSelected(
            kind=package.manifest.kind,
            name=package.manifest.name,
            version=package.manifest.version,
            precision=manager.precision or "",
            providers=manager.providers,
        )

    def models_remove(self, request: m.ModelsRemove, progress: Progress) -> Nothing:
        """Not the one that runs."""
        for package in (self._selection.manager.package, self._selection.selected):
            if package is not None and _is(package, request.name, request.version):
                raise Refusal("refused", "this package moves the face, or is selected to; select another first", "name")
        with package_refusals("name"):
            remove(BOX_ROOT, request.name, request.version)
        return Nothing()

    def _packages(self) -> list[Package]:
        packages: list[Package] = []
        for root in self._roots:
            packages += list_packages(root)[0]
        return packages

    def _entry(self, package: Package) -> m.ModelEntry:
        running = self._selection.manager.package
        return m.ModelEntry(
            kind=package.manifest.kind,
            name=package.manifest.name,
            version=package.manifest.version,
            precisions=tuple(package.manifest.files),
            selected=running is not None and running.folder == package.folder,
        )


def _is(package: Package, name: str, version: str) -> bool:
    return (package.manifest.name, package.manifest.version) == (name, version)
