"""A pack: a zip of capsules and tables with ``pack.json`` and its signature ``pack.sig``. Nothing in it is trusted.

``pack.json``: ``{"format": 1, "name": "brand", "version": "1.2.0", "files": {"VF_BROW_FLASH.capsule": "<sha256>"}}``;
``pack.sig``: the 64 bytes of the Ed25519 signature of ``pack.json``. Entries lie flat; the list is closed; the archive
is read in place, entry by entry, each no further than its limit.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import stat
import zipfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Annotated, Final, Literal

from pydantic import Field, ValidationError
from typing_extensions import Self

from visaged.bounded.zip_file import BoundedZip, ZipBounds, ZipError
from visaged.bounded.zip_file import shown as zip_name
from visaged.capsules.errors import CapsuleError, from_validation
from visaged.capsules.file.capsule import MAX_FILE_BYTES, SUFFIX
from visaged.capsules.file.header import Strict
from visaged.capsules.file.ids import check_cid
from visaged.text_form import Sha256, form

MANIFEST: Final = "pack.json"
SIGNATURE: Final = "pack.sig"
# Ten thousand capsules of 40 kB fit; a box's flash is not filled by one file.
MAX_PACK_BYTES: Final = 512 * 1024 * 1024
MAX_ENTRIES: Final = 20_000
MAX_TABLE_BYTES: Final = 256 * 1024
# 20,000 names with their hashes take 2.4 MB.
_MAX_MANIFEST_BYTES: Final = 4 * 1024 * 1024
_TABLE: Final = re.compile(r"[a-z0-9-]{1,64}\.(toml|json)")
# Beside what the manifest lists: itself and its signature.
_BOUNDS: Final = ZipBounds(entries=MAX_ENTRIES + 2, entry_bytes=MAX_PACK_BYTES, total_bytes=MAX_PACK_BYTES)

PackName = Annotated[str, form(r"^[a-z0-9][a-z0-9-]{0,63}$", "1 to 64 of a-z 0-9 -, no '-' first, such as brand")]
PackVersion = Annotated[str, form(r"^\d{1,6}(\.\d{1,6}){0,3}$", "1 to 4 numbers with dots between, such as 1.2.0")]


class PackManifest(Strict):
    """``pack.json``."""

    format: Literal[1] = 1
    name: PackName
    version: PackVersion
    licence: str = Field(default="", max_length=64)
    files: dict[str, Sha256] = Field(min_length=1, max_length=MAX_ENTRIES)
    """File name -> SHA-256, lower-case hex."""


class PackReader:
    """An open pack whose list of entries was checked against its manifest. Use as a context manager."""

    def __init__(self, path: Path) -> None:
        """Open and check ``path``. Raises CapsuleError naming the entry or field."""
        self.path = path
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise CapsuleError(path.name, "file", f"cannot be read: {error.strerror}") from None
        try:
            self._zip = self._open_zip()
            self.manifest_bytes = self._read(MANIFEST, _MAX_MANIFEST_BYTES)
            self.manifest = self._check_manifest()
            self.signature = self._read(SIGNATURE, 64) if SIGNATURE in self._zip.sizes else None
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    @property
    def size(self) -> int:
        """Of all its files, unpacked, bytes."""
        return sum(self._zip.sizes.values())

    def read(self, name: str) -> bytes:
        """The bytes of a file that the manifest names, its hash verified. Raises CapsuleError."""
        data = self._read(name, MAX_FILE_BYTES if name.endswith(SUFFIX) else MAX_TABLE_BYTES)
        actual = hashlib.sha256(data).hexdigest()
        if actual != self.manifest.files[name]:
            raise CapsuleError(self.path.name, name, f"sha256 is {actual}, pack.json says {self.manifest.files[name]}")
        return data

    def _open_zip(self) -> BoundedZip:
        size = self._file.seek(0, io.SEEK_END)
        if size > MAX_PACK_BYTES:
            raise CapsuleError(self.path.name, "file", f"is {size} bytes; at most {MAX_PACK_BYTES} are accepted")
        try:
            archive = BoundedZip(self._file, _BOUNDS)
        except ZipError as error:
            raise CapsuleError(self.path.name, error.entry or "file", error.problem) from None
        for name in archive.sizes:
            if not _good_name(name):
                accepted = f"CID{SUFFIX}, name.toml, {MANIFEST}, {SIGNATURE} are"
                raise CapsuleError(self.path.name, zip_name(name), f"is no file of a pack; {accepted}")
        return archive

    def _check_manifest(self) -> PackManifest:
        try:
            manifest = PackManifest.model_validate_json(self.manifest_bytes)
        except ValidationError as error:
            raise from_validation(self.path.name, error, MANIFEST) from None
        present = self._zip.sizes.keys() - {MANIFEST, SIGNATURE}
        for name in sorted(present ^ manifest.files.keys())[:1]:
            where = "pack.json but not in the zip" if name in manifest.files else "the zip but not in pack.json"
            raise CapsuleError(self.path.name, name[:64], f"is in {where}")
        return manifest

    def _read(self, name: str, limit: int) -> bytes:
        try:
            return self._zip.read(name, limit)
        except ZipError as error:
            raise CapsuleError(self.path.name, name, error.problem) from None
        except OSError as error:
            raise CapsuleError(self.path.name, name, f"cannot be read: {error.strerror}") from None


def write_pack(name: str, version: str, files: Mapping[str, bytes], licence: str = "") -> tuple[bytes, bytes]:
    """(the zip's bytes without a signature, ``pack.json``). Same input, same bytes. Raises CapsuleError."""
    hashes = {file: hashlib.sha256(files[file]).hexdigest() for file in sorted(files)}
    try:
        manifest = PackManifest(name=name, version=version, licence=licence, files=hashes)
    except ValidationError as error:
        raise from_validation(name, error, MANIFEST) from None
    for file in hashes:
        if not _good_name(file) or file in (MANIFEST, SIGNATURE):
            raise CapsuleError(name, file, f"does not belong in a pack; CID{SUFFIX} and name.toml do")
    text = json.dumps(manifest.model_dump(), indent=1).encode() + b"\n"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        _add(archive, MANIFEST, text)
        for file in hashes:
            _add(archive, file, files[file])
    return buffer.getvalue(), text


def add_signature(pack: bytes, signature: bytes) -> bytes:
    """``pack`` with ``signature`` (of its ``pack.json``) added."""
    buffer = io.BytesIO(pack)
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as archive:
        _add(archive, SIGNATURE, signature)
    return buffer.getvalue()


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    # A fixed date: the same content is the same file, so a pack can be rebuilt and compared.
    info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    info.external_attr = (stat.S_IFREG | 0o644) << 16
    info.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(info, data)


def _good_name(name: str) -> bool:
    if name in (MANIFEST, SIGNATURE):
        return True
    if name.endswith(SUFFIX):
        try:
            check_cid(name[: -len(SUFFIX)])
        except ValueError:
            return False
        return True
    return _TABLE.fullmatch(name) is not None
