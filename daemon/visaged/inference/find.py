"""Where model packages live and which one is used: ``--models DIR``, then the box's folder, then the wheel's own."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeVar

import visaged
from visaged.inference.errors import NoPackageError, PackageError, SessionError
from visaged.inference.manifest import MANIFEST_NAME, Kind
from visaged.inference.package import Package, load_package

_log = logging.getLogger(__name__)

BOX_ROOT: Final = Path("/var/lib/visaged/models")
WHEEL_ROOT: Final = Path(visaged.__file__).parent / "packages"

Opened = TypeVar("Opened")
Refusal = PackageError | SessionError


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


def open_first(
    kind: Kind, roots: Sequence[Path], opener: Callable[[Package], Opened], name: str = ""
) -> tuple[Opened, list[Refusal]]:
    """Open the first package of ``kind`` (and ``name``, if given) in the order of ``roots`` that is sound and opens.

    ``opener`` makes what is wanted of a package. A package whose files or whose opening fail is logged, passed over and
    returned among the refused. Raises NoPackageError if none is left; what was open before is untouched.
    """
    refused: list[Refusal] = []
    for root in roots:
        sound, bad = list_packages(root)
        for error in bad:
            _refuse(refused, error)
        for package in sound:
            if package.manifest.kind != kind or name not in ("", package.manifest.name):
                continue
            try:
                return opener(package), refused
            except (PackageError, SessionError) as error:
                _refuse(refused, error)
    wanted = f"{kind} package" + (f" named '{name}'" if name else "")
    where = ", ".join(str(root) for root in roots)
    reasons = "".join(f"; refused: {error}" for error in refused)
    raise NoPackageError(f"no usable {wanted} in {where}{reasons}; install one with 'visaged models import DIR'")


def _refuse(refused: list[Refusal], error: Refusal) -> None:
    _log.warning("%s", error)
    refused.append(error)


def _version(package: Package) -> tuple[int, ...]:
    return tuple(int(part) for part in package.manifest.version.split("."))
