"""Put a package where packages are looked for: made in a hidden folder beside them, whole before anybody sees it."""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from visaged.files import sync_directory
from visaged.inference.errors import PackageConflict, PackageError
from visaged.inference.manifest import MANIFEST_NAME
from visaged.inference.package import Package, load_package

log = logging.getLogger(__name__)

_PREFIX: Final = ".installing-"


@contextmanager
def staging(root: Path) -> Iterator[Path]:
    """An empty folder on the disk of ``root`` (made when missing) to make a package in; gone afterwards.

    What a process that was killed left behind is removed first: a package may be a gigabyte. Raises OSError.
    """
    root.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(root)
    with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=root) as name:
        descriptor = os.open(name, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            folder = Path(name) / "package"
            folder.mkdir()
            yield folder
        finally:
            os.close(descriptor)


def check_free(root: Path, name: str, version: str) -> None:
    """Before long work: whether a package may be put there under this name. Raises PackageConflict."""
    target = root / f"{name}-{version}"
    if target.exists() and _load(target) is not None:
        raise PackageConflict(target, "version", "is installed already; choose a higher version")


def put(package: Package, root: Path) -> Package:
    """Move a package that lies in a staging folder to ``<root>/<name>-<version>``; returns it from there.

    The same again changes nothing. Raises PackageConflict, OSError.
    """
    manifest = package.manifest
    target = root / f"{manifest.name}-{manifest.version}"
    if target.exists():
        present = _load(target)
        if present is not None and present.manifest == manifest:
            return present
        if present is not None:
            raise PackageConflict(target, "version", "is installed with another content; raise its version")
        # What lies there is broken and could not be used anyway.
        shutil.rmtree(target)
    for path in package.folder.iterdir():
        _sync(path)
    sync_directory(package.folder)
    package.folder.rename(target)
    sync_directory(root)
    log.info("model package %s is installed", target)
    return Package(target, manifest)


def remove(root: Path, name: str, version: str) -> Path:
    """Remove the package ``name`` ``version`` from ``root``, a damaged one too; returns its folder.

    Renamed first: a power cut leaves no half package. Raises PackageError when it is not there, OSError.
    """
    target = root / f"{name}-{version}"
    if target.parent != root or not (target / MANIFEST_NAME).is_file():
        there = ", ".join(sorted(path.parent.name for path in root.glob(f"*/{MANIFEST_NAME}"))) or "none"
        raise PackageError(target, "name", f"is not installed on this box; there is {there}")
    hidden = root / f"{_PREFIX}removed-{target.name}"
    if hidden.exists():  # of a removal that was cut short
        shutil.rmtree(hidden)
    target.rename(hidden)
    sync_directory(root)
    shutil.rmtree(hidden)
    log.info("model package %s is removed", target)
    return target


def only_version(root: Path, name: str) -> str:
    """The one installed version of ``name``. Raises PackageError when there is none, or more than one to choose of."""
    folders = (path.parent.name.rpartition("-") for path in root.glob(f"*/{MANIFEST_NAME}"))
    versions = sorted(version for stem, _, version in folders if stem == name)
    if len(versions) != 1:
        there = f"is installed as {', '.join(versions)}; say which" if versions else "is not installed on this box"
        raise PackageError(root / name, "version", there)
    return versions[0]


def _load(folder: Path) -> Package | None:
    try:
        return load_package(folder)
    except PackageError:
        return None


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_abandoned(root: Path) -> None:
    """Staging folders whose lock nobody holds any more."""
    for folder in root.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder)
            finally:
                os.close(descriptor)
