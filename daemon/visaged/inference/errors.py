"""What can go wrong between a model on disk and a model that runs."""

from __future__ import annotations

from pathlib import Path


class PackageError(Exception):
    """A model package that must not be used: names the folder, the file or field, and what is wrong."""

    def __init__(self, folder: Path, where: str, problem: str) -> None:
        super().__init__(f"model package {folder}: {where}: {problem}")
        self.folder = folder
        self.where = where
        self.problem = problem


class UntrustedPackage(PackageError):
    """No key that this box trusts signed it."""


class PackageConflict(PackageError):
    """Another content is installed under this name and version."""


class SessionError(Exception):
    """ONNX Runtime cannot run this model as asked: names the file, the providers and the reason."""


class NoPackageError(Exception):
    """No usable package of a kind: says where was looked and what was refused."""
