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

from visaged.control.protocol.commands.models import ModelInstalled
from visaged.control.protocol.refusal import Refusal
from visaged.inference.errors import PackageConflict, PackageError
from visaged.inference.manifest import MANIFEST_NAME
from visaged.inference.package import MAX_FILE_BYTES, MAX_MANIFEST_BYTES, load_package
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


def install_model_zip(path: Path, root: Path, verify: Verify | None) -> ModelInstalled:
    """Unpack, verify and put the package into ``root`` as ``<name>-<version>``. Raises Refusal with nothing changed.

    ``verify`` None: the signature is not asked for; only a person at the box may say so.
    """
    try:
        with staging(root) as folder:
            with zipfile.ZipFile(path) as archive:
                entries = _check(archive)
                _verify(archive, entries, verify)
                for entry in entries.values():
                    if entry.filename != SIGNATURE_NAME:
                        _extract(archive, entry, folder / entry.filename)
            manifest = put(load_package(folder), root).manifest
    except PackageConflict as error:
        raise Refusal("refused", f"{error.folder.name} {error.problem}", "url") from None
    except PackageError as error:
        raise Refusal("failed", f"{error.where}: {error.problem}", "url") from None
    except ZIP_ERRORS as error:
        raise Refusal("failed", f"the file is not a zip that can be read: {error}", "url") from None
    except OSError as error:
        raise Refusal("failed", f"the package cannot be unpacked: {error.strerror or error}", "url") from None
    return ModelInstalled(kind=manifest.kind, name=manifest.name, version=manifest.version)


def _check(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    entries = archive.infolist()
    if len(entries) > _MAX_FILES:
        raise Refusal("failed", f"the zip holds {len(entries)} files; accepted are up to {_MAX_FILES}", "url")
    total = 0
    for entry in entries:
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if not _NAME.fullmatch(entry.filename) or kind not in (0, stat.S_IFREG):
            raise Refusal("failed", f"{entry.filename[:80]!r} in the zip is not a plain file without a folder", "url")
        if entry.flag_bits & 0x1 or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Refusal("failed", f"{entry.filename} in the zip is neither stored nor deflated", "url")
        total += entry.file_size
        if entry.file_size > MAX_FILE_BYTES or total > _MAX_TOTAL_BYTES:
            raise Refusal("failed", f"{entry.filename} makes the zip larger than accepted", "url")
        if entry.file_size > _MAX_RATIO * max(entry.compress_size, 1024):
            raise Refusal("failed", f"{entry.filename} in the zip grows more than {_MAX_RATIO}-fold", "url")
    by_name = {entry.filename: entry for entry in entries}
    if len(by_name) != len(entries):
        raise Refusal("failed", "the zip holds two files of one name", "url")
    return by_name


def _verify(archive: zipfile.ZipFile, entries: dict[str, zipfile.ZipInfo], verify: Verify | None) -> None:
    limits = {MANIFEST_NAME: MAX_MANIFEST_BYTES} | ({SIGNATURE_NAME: _MAX_SIGNATURE_BYTES} if verify else {})
    for name, limit in limits.items():
        if name not in entries:
            raise Refusal("failed", f"{name} is missing in the zip", "url")
        if entries[name].file_size > limit:
            raise Refusal("failed", f"{name} is larger than {limit} bytes", "url")
    if verify and not verify(archive.read(MANIFEST_NAME), archive.read(SIGNATURE_NAME)):
        raise Refusal("refused", "no key that this box trusts signed the package; keys are in /etc/visaged/keys", "url")


def _extract(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path) -> None:
    written = 0
    with archive.open(entry) as source, target.open("xb") as file:
        while chunk := source.read(_CHUNK_BYTES):
            written += len(chunk)
            if written > entry.file_size:
                raise Refusal("failed", f"{entry.filename} is larger than the zip says", "url")
            file.write(chunk)
