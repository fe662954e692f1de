"""Where model packages live and which one is used: ``--models DIR``, then the box's folder, then the wheel's own."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import visaged
from visaged.inference.manifest import MANIFEST_NAME, Kind
from visaged.inference.package import Package, PackageError, load_package

_log = logging.getLogger(__name__)

BOX_ROOT: Final = Path("/var/lib/visaged/models")
WHEEL_ROOT: Final = Path(visaged.__file__).parent / "packages"


class NoPackageError(Exception):
    """No usable package of a kind; says where was looked and what was refused."""


@dataclass(frozen=True)
class Found:
    """The package to use and the better-placed ones that had to be refused."""

    package: Package
    refused: tuple[PackageError, ...]


def search_roots(models_dir: Path | None = None) -> tuple[Path, ...]:
    """Folders of packages, the first wins: ``models_dir`` (from ``--models``), the box's, the wheel's."""
    return (*((models_dir,) if models_dir else ()), BOX_ROOT, WHEEL_ROOT)


def list_packages(root: Path) -> tuple[list[Package], list[PackageError]]:
    """Every package folder directly under ``root``: the sound ones, highest version first, and the refused.

    ``root`` may be a package folder itself. A folder that does not exist holds nothing.
    """
    if (root / MANIFEST_NAME).is_file():
        folders = [root]
    elif root.is_dir():
        folders = sorted(entry for entry in root.iterdir() if (entry / MANIFEST_NAME).is_file())
    else:
        folders = []
    sound: list[Package] = []
    refused: list[PackageError] = []
    for folder in folders:
        try:
            sound.append(load_package(folder))
        except PackageError as error:
            refused.append(error)
    sound.sort(key=_version, reverse=True)
    return sound, refused


def find_package(kind: Kind, roots: Sequence[Path], name: str = "") -> Found:
    """The first sound package of ``kind`` (and ``name``, if given) in the order of ``roots``.

    A package that fails is logged, reported in ``refused`` and passed over. Raises NoPackageError if none is left.
    """
    refused: list[PackageError] = []
    for root in roots:
        sound, bad = list_packages(root)
        for error in bad:
            _log.warning("%s", error)
        refused += bad
        for package in sound:
            if package.manifest.kind == kind and name in ("", package.manifest.name):
                return Found(package, tuple(refused))
    wanted = f"{kind} package" + (f" named '{name}'" if name else "")
    where = ", ".join(str(root) for root in roots)
    reasons = "".join(f"; refused: {error}" for error in refused)
    raise NoPackageError(f"no usable {wanted} in {where}{reasons}; install one with 'visaged models import DIR'")


def _version(package: Package) -> tuple[int, ...]:
    return tuple(int(part) for part in package.manifest.version.split("."))
