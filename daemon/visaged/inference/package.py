"""Model packages on disk: read with every hash verified, and written by the build side with the hashes computed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from visaged.files import sha256_of
from visaged.inference.errors import PackageError
from visaged.inference.manifest import MANIFEST_NAME, Manifest, Precision
from visaged.text_form import complaint

# A manifest is a few kB; anything much larger is not one.
MAX_MANIFEST_BYTES: Final = 256 * 1024
# Protobuf, and so an ONNX file, ends at 2 GiB.
MAX_FILE_BYTES: Final = 2 * 1024**3


@dataclass(frozen=True)
class Package:
    """A package whose files were all verified when it was loaded."""

    folder: Path
    manifest: Manifest

    def choose(self, precision: str = "auto") -> Precision:
        """The precision meant by ``auto`` or by its name. Raises PackageError if the package lacks it."""
        if precision == "auto":
            return self.manifest.precision
        for offered in self.manifest.files:
            if offered == precision:
                return offered
        raise PackageError(
            self.folder, "files", f"no precision '{precision}'; there is {', '.join(self.manifest.files)}"
        )

    def model_path(self, precision: str = "auto", tensorrt: bool = False) -> Path:
        """The ONNX file of a precision, for TensorRT if so asked. Raises PackageError if it is not in the package."""
        chosen = self.choose(precision)
        files = self.manifest.files | ((self.manifest.tensorrt or {}) if tensorrt else {})
        return self.folder / files[chosen]


def load_package(folder: Path) -> Package:
    """Read and verify the package in ``folder``. Raises PackageError; until then nothing is trusted."""
    manifest = _read_manifest(folder)
    present = {entry.name for entry in folder.iterdir()} - {MANIFEST_NAME}
    # A file without a hash could be pulled in by a graph as external weights, so the list is closed.
    for name in sorted(present - manifest.sha256.keys()):
        raise PackageError(folder, name, "is in the folder but not in sha256; list it or remove it")
    for name, expected in manifest.sha256.items():
        path = folder / name
        if path.is_symlink() or not path.is_file():
            raise PackageError(folder, name, "is not a regular file of this folder")
        size = path.stat().st_size
        if not 0 < size <= MAX_FILE_BYTES:
            raise PackageError(folder, name, f"is {size} bytes; 1 to {MAX_FILE_BYTES} are accepted")
        try:
            actual = sha256_of(path)
        except OSError as error:
            raise PackageError(folder, name, f"cannot be read: {error.strerror}") from error
        if actual != expected:
            raise PackageError(folder, name, f"sha256 is {actual}, model.json says {expected}; copy the package again")
    return Package(folder, manifest)


def model_hash(manifest: Manifest) -> str:
    """Over the names and hashes of all files of a package."""
    digest = hashlib.sha256()
    for name, value in sorted(manifest.sha256.items()):
        digest.update(f"{name} {value}\n".encode())
    return digest.hexdigest()


def write_package(folder: Path, **fields: Any) -> Package:
    """Write ``model.json`` for the files that lie in ``folder``, and load the result as a reader would.

    ``fields`` are those of ``Manifest`` but ``sha256``. Raises PackageError; no model.json is left behind then.
    """
    target = folder / MANIFEST_NAME
    target.unlink(missing_ok=True)
    try:
        manifest = Manifest(sha256={path.name: sha256_of(path) for path in sorted(folder.iterdir())}, **fields)
    except ValidationError as error:
        raise PackageError(folder, *_first(error)) from error
    except OSError as error:
        raise PackageError(folder, str(error.filename), f"cannot be read: {error.strerror}") from error
    target.write_text(manifest.model_dump_json(indent=1, exclude_none=True) + "\n", encoding="utf-8")
    try:
        return load_package(folder)
    except PackageError:
        target.unlink()
        raise


def _read_manifest(folder: Path) -> Manifest:
    path = folder / MANIFEST_NAME
    try:
        with path.open("rb") as file:
            data = file.read(MAX_MANIFEST_BYTES + 1)
    except OSError as error:
        raise PackageError(folder, MANIFEST_NAME, f"cannot be read: {error.strerror}") from error
    if len(data) > MAX_MANIFEST_BYTES:
        raise PackageError(folder, MANIFEST_NAME, f"is larger than {MAX_MANIFEST_BYTES} bytes")
    try:
        return Manifest.model_validate_json(data)
    except ValidationError as error:
        raise PackageError(folder, *_first(error)) from error


def _first(error: ValidationError) -> tuple[str, str]:
    """The first complaint as (field, problem)."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"]) or MANIFEST_NAME
    value = repr(first["input"])
    shown = value if len(value) <= 80 else value[:77] + "…"
    return where, complaint(first) + (f" (got {shown})" if first["loc"] else "")
