"""What is installed: capsules, packs, model packages, and edits of the settings file."""

from __future__ import annotations

import json
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Final

from tests.capsules.making import capsule, files, new_key, signed_pack
from tests.fuzz.driver import Format
from tests.fuzz.files import as_file
from tests.inference.tiny import write_tiny
from visaged.bounded.json_text import JsonBounds, JsonError, check_json
from visaged.capsules.errors import CapsuleError
from visaged.capsules.file import capsule as capsule_file
from visaged.capsules.file.pack import PackReader
from visaged.control.toml_edit import EditError, edit
from visaged.inference.errors import PackageError
from visaged.inference.package_zip import install_package_zip

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def _capsule(data: bytes) -> None:
    try:
        read = capsule_file.decode(data)
    except CapsuleError:
        return
    again = capsule_file.decode(capsule_file.encode(read))
    assert again.header == read.header


def _pack(data: bytes) -> None:
    with as_file(data, ".pack") as path:
        try:
            with PackReader(path) as reader:
                for name in reader.manifest.files:
                    reader.read(name)
        except CapsuleError:
            return


def _make_pack() -> bytes:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = signed_pack(folder / "a.pack", new_key(folder), files(capsule(frames=12), capsule("HF_WAVE")))
        return made.read_bytes()


_CAPSULES: Final = (
    capsule_file.encode(capsule(frames=12)),
    capsule_file.encode(capsule("VL_HELLO", frames=12)),
    capsule_file.encode(capsule("HF_WAVE")),
)


def _model(data: bytes) -> None:
    with as_file(data, ".zip") as path:
        try:
            install_package_zip(path, path.parent / "models", None)
        except (PackageError, OSError):
            return


def _make_model() -> bytes:
    with tempfile.TemporaryDirectory() as name:
        folder = write_tiny(Path(name) / "tiny").folder
        made = Path(name) / "made.zip"
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(folder.iterdir()):
                if path.is_file() and path != made:
                    archive.write(path, path.name)
        return made.read_bytes()


def _edit(data: bytes) -> None:
    """``[text of the settings file, changes]`` as JSON, after the bounds of a request."""
    try:
        check_json(data, JsonBounds(depth=9, values=2_048, text_chars=16_384))
        text, changes = json.loads(data)
    except (JsonError, ValueError, TypeError):
        return
    if not isinstance(text, str) or not isinstance(changes, dict):
        return
    try:
        tomllib.loads(text)
        edited = edit(text, changes)
    except (tomllib.TOMLDecodeError, EditError):
        return
    tomllib.loads(edited)


_EDITS: Final = (
    json.dumps(["# a box\n[face]\nintensity = 1.0 # strong\n", {"face": {"intensity": 0.5}}]).encode(),
    json.dumps(["[livelink]\ntargets = []\n", {"livelink": {"targets": ["a:1"]}, "mqtt": {"host": None}}]).encode(),
)
FORMATS: Final = (
    Format("edit", _EDITS, _edit),
    Format("model", (_make_model(),), _model),
    Format("capsule", _CAPSULES, _capsule),
    Format("pack", (_make_pack(),), _pack),
)
