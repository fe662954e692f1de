"""Install a model package that came as a zip: signed, flat, bounded, verified before anything sees it.

The zip holds the files of a package (inference/manifest.py) without a folder, and ``model.sig``: the 64-byte Ed25519
signature of ``model.json`` by a key that this box trusts. ``model.json`` has the hash of every other file.
"""

from __future__ import annotations

import re
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from visaged.inference.errors import PackageError, UntrustedPackage
from visaged.inference.manifest import MANIFEST_NAME
from visaged.inference.package import MAX_FILE_BYTES, MAX_MANIFEST_BYTES, Package, load_package
from visaged.inference.store import put, staging
from visaged.zip_errors import ZIP_ERRORS

SIGNATURE_NAME: Final = "model.sig"
_MAX_SIGNATURE_BYTES: Final = 256
# model.json, some precisions with external weights, notices.
_MAX_FILES: Final = 32
_MAX_TOTAL_BYTES: Final = 4 << 30
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
# Weights hardly compress; a zip that grows a hundredfold is made to fill the disk.
_MAX_RATIO: Final = 100
_CHUNK_BYTES: Final = 1 << 20

Verify = Callable[[bytes, bytes], bool]
"""(message, signature) -> whether a trusted key made it."""


def install_package_zip(path: Path, root: Path, verify: Verify | None) -> Package:
    """Unpack, verify and put the package into ``root`` as ``<name>-<version>``; returns it from there.

    ``verify`` None: the signature is not asked for; only a person at the box may say so. Raises PackageError
    (UntrustedPackage, PackageConflict) and OSError (disk full, no right to write), with nothing changed.
    """
    try:
        with staging(root) as folder:
            with zipfile.ZipFile(path) as archive:
                entries = _check(path, archive)
                if verify:
                    _check_signature(path, archive, entries, verify)
                for entry in entries.values():
                    if entry.filename != SIGNATURE_NAME:
                        _extract(path, archive, entry, folder / entry.filename)
            return put(load_package(folder), root)
    except ZIP_ERRORS as error:
        raise PackageError(path, "zip", f"cannot be read: {error}") from None


def _check(path: Path, archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    entries = archive.infolist()
    if len(entries) > _MAX_FILES:
        raise PackageError(path, "zip", f"holds {len(entries)} files; accepted are up to {_MAX_FILES}")
    total = 0
    for entry in entries:
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if not _NAME.fullmatch(entry.filename) or kind not in (0, stat.S_IFREG):
            raise PackageError(path, "zip", f"{entry.filename[:80]!r} in it is not a plain file without a folder")
        if entry.flag_bits & 0x1 or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise PackageError(path, entry.filename, "is neither stored nor deflated in the zip")
        total += entry.file_size
        if entry.file_size > MAX_FILE_BYTES or total > _MAX_TOTAL_BYTES:
            raise PackageError(path, entry.filename, "makes the zip larger than accepted")
        if entry.file_size > _MAX_RATIO * max(entry.compress_size, 1024):
            raise PackageError(path, entry.filename, f"grows more than {_MAX_RATIO}-fold when it is unpacked")
    by_name = {entry.filename: entry for entry in entries}
    if len(by_name) != len(entries):
        raise PackageError(path, "zip", "holds two files of one name")
    if MANIFEST_NAME not in by_name:
        raise PackageError(path, MANIFEST_NAME, "is missing in the zip")
    if by_name[MANIFEST_NAME].file_size > MAX_MANIFEST_BYTES:
        raise PackageError(path, MANIFEST_NAME, f"is larger than {MAX_MANIFEST_BYTES} bytes")
    return by_name


def _check_signature(path: Path, archive: zipfile.ZipFile, entries: dict[str, zipfile.ZipInfo], verify: Verify) -> None:
    if SIGNATURE_NAME not in entries:
        raise UntrustedPackage(path, SIGNATURE_NAME, "is missing in the zip")
    if entries[SIGNATURE_NAME].file_size > _MAX_SIGNATURE_BYTES:
        raise PackageError(path, SIGNATURE_NAME, f"is larger than {_MAX_SIGNATURE_BYTES} bytes")
    if not verify(archive.read(MANIFEST_NAME), archive.read(SIGNATURE_NAME)):
        raise UntrustedPackage(path, SIGNATURE_NAME, "is by no key that this box trusts; keys are in /etc/visaged/keys")


def _extract(path: Path, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path) -> None:
    written = 0
    with archive.open(entry) as source, target.open("xb") as file:
        while chunk := source.read(_CHUNK_BYTES):
            written += len(chunk)
            if written > entry.file_size:
                raise PackageError(path, entry.filename, "is larger than the zip says")
            file.write(chunk)
