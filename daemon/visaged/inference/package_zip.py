"""Install a model package that came as a zip: signed, flat, bounded, verified before anything sees it.

The zip holds the files of a package (inference/manifest.py) without a folder, and ``model.sig``: the 64-byte Ed25519
signature of ``model.json`` by a key that this box trusts. ``model.json`` has the hash of every other file.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from visaged.bounded.zip_file import BoundedZip, ZipBounds, ZipError, shown
from visaged.files import shortage
from visaged.inference.errors import PackageError, UntrustedPackage
from visaged.inference.manifest import MANIFEST_NAME
from visaged.inference.package import MAX_FILE_BYTES, MAX_MANIFEST_BYTES, Package, load_package
from visaged.inference.store import put, staging

SIGNATURE_NAME: Final = "model.sig"
# Before the log of a box has no room any more.
_RESERVE_BYTES: Final = 256 << 20
_MAX_SIGNATURE_BYTES: Final = 256
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
# model.json, some precisions with external weights, notices. Weights hardly compress: a zip that grows a hundredfold is
# made to fill the disk.
_BOUNDS: Final = ZipBounds(entries=32, entry_bytes=MAX_FILE_BYTES, total_bytes=4 << 30, ratio=100)

Verify = Callable[[bytes, bytes], bool]
"""(message, signature) -> whether a trusted key made it."""


def install_package_zip(path: Path, root: Path, verify: Verify | None) -> Package:
    """Unpack, verify and put the package into ``root`` as ``<name>-<version>``; returns it from there.

    ``verify`` None: the signature is not asked for; only a person at the box may say so. Raises PackageError
    (UntrustedPackage, PackageConflict) and OSError (disk full, no right to write), with nothing changed.
    """
    try:
        with staging(root) as folder, path.open("rb") as file:
            archive = BoundedZip(file, _BOUNDS)
            _check_names(path, archive)
            if verify:
                _check_signature(path, archive, verify)
            if words := shortage(root, sum(archive.sizes.values()), _RESERVE_BYTES):
                raise PackageError(path, "zip", f"cannot be unpacked: {words}")
            for name in archive.sizes:
                if name != SIGNATURE_NAME:
                    with (folder / name).open("xb") as target:
                        archive.copy(name, target)
            return put(load_package(folder), root)
    except ZipError as error:
        raise PackageError(path, error.entry or "zip", error.problem) from None


def _check_names(path: Path, archive: BoundedZip) -> None:
    for name in archive.sizes:
        if not _NAME.fullmatch(name):
            raise PackageError(path, "zip", f"{shown(name)!r} in it is not a plain file without a folder")
    if MANIFEST_NAME not in archive.sizes:
        raise PackageError(path, MANIFEST_NAME, "is missing in the zip")
    if archive.sizes[MANIFEST_NAME] > MAX_MANIFEST_BYTES:
        raise PackageError(path, MANIFEST_NAME, f"is larger than {MAX_MANIFEST_BYTES} bytes")


def _check_signature(path: Path, archive: BoundedZip, verify: Verify) -> None:
    if SIGNATURE_NAME not in archive.sizes:
        raise UntrustedPackage(path, SIGNATURE_NAME, "is missing in the zip")
    signature = archive.read(SIGNATURE_NAME, _MAX_SIGNATURE_BYTES)
    if not verify(archive.read(MANIFEST_NAME, MAX_MANIFEST_BYTES), signature):
        raise UntrustedPackage(path, SIGNATURE_NAME, "is by no key that this box trusts; keys are in /etc/visaged/keys")
