from __future__ import annotations

import shutil
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.directory_bomb import write_directory_bomb
from tests.inference.tiny import write_tiny
from visaged.inference.errors import PackageConflict, PackageError, UntrustedPackage
from visaged.inference.package import load_package
from visaged.inference.package_zip import install_package_zip

SIGNATURE = b"s" * 64
Entry = tuple[str | zipfile.ZipInfo, bytes]


def _trusted(message: bytes, signature: bytes) -> bool:
    return signature == SIGNATURE


def _files(folder: Path, **changes: object) -> dict[str, bytes]:
    if not folder.exists():
        write_tiny(folder, **changes)
    return {path.name: path.read_bytes() for path in folder.iterdir()} | {"model.sig": SIGNATURE}


def _zip(path: Path, entries: list[Entry]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return path


def _good(tmp_path: Path, **changes: object) -> Path:
    return _zip(tmp_path / "good.zip", list(_files(tmp_path / "made", **changes).items()))


def test_a_package_is_installed_under_its_name_and_version(tmp_path: Path) -> None:
    installed = install_package_zip(_good(tmp_path), tmp_path / "models", _trusted)
    assert installed.folder == tmp_path / "models" / "tiny-1.0.0"
    assert (installed.manifest.kind, installed.manifest.version) == ("lipsync", "1.0.0")
    assert load_package(tmp_path / "models" / "tiny-1.0.0").manifest.name == "tiny"
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["tiny-1.0.0"]


def test_again_is_nothing_new_and_other_content_needs_another_version(tmp_path: Path) -> None:
    root = tmp_path / "models"
    install_package_zip(_good(tmp_path), root, _trusted)
    install_package_zip(_good(tmp_path), root, _trusted)
    other = _zip(tmp_path / "other.zip", list(_files(tmp_path / "other", source="another").items()))
    with pytest.raises(PackageConflict, match="raise its version"):
        install_package_zip(other, root, _trusted)
    assert load_package(root / "tiny-1.0.0").manifest.source == "made by hand for a test"


def test_a_broken_package_in_its_place_is_replaced(tmp_path: Path) -> None:
    root = tmp_path / "models"
    install_package_zip(_good(tmp_path), root, _trusted)
    (root / "tiny-1.0.0" / "tiny.onnx").write_bytes(b"damaged")
    install_package_zip(_good(tmp_path), root, _trusted)
    load_package(root / "tiny-1.0.0")


def _symlink() -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo("link.onnx")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda files: [*files.items(), ("../evil.onnx", b"x")], "plain file"),
        (lambda files: [*files.items(), ("/etc/evil", b"x")], "plain file"),
        (lambda files: [*files.items(), ("a/b.onnx", b"x")], "plain file"),
        (lambda files: [*files.items(), (_symlink(), b"/etc/passwd")], "plain file"),
        (lambda files: [*files.items(), ("zeros.onnx", bytes(1 << 24))], "grows"),
        (lambda files: [*files.items(), *((f"f{n}", b"x") for n in range(40))], "files"),
        (lambda files: [*files.items(), ("unlisted.bin", b"x")], "sha256"),
        (lambda files: [(name, data) for name, data in files.items() if name != "model.sig"], "model.sig: is"),
        (
            lambda files: [(name, data) for name, data in files.items() if name != "model.json"],
            "model.json: is missing",
        ),
        (lambda files: (files | {"model.sig": b"forged"}).items(), "no key"),
        (lambda files: (files | {"model.sig": b"x" * 9999}).items(), "at most 256"),
        (lambda files: (files | {"tiny.onnx": b"another"}).items(), "sha256"),
        (lambda files: (files | {"model.json": b"{}"}).items(), "Field required"),
    ],
)
def test_what_is_wrong_with_a_zip_is_said_and_nothing_is_left(
    tmp_path: Path, change: Callable[[dict[str, bytes]], list[Entry]], said: str
) -> None:
    path = _zip(tmp_path / "bad.zip", list(change(_files(tmp_path / "made"))))
    with pytest.raises(PackageError, match=said):
        install_package_zip(path, tmp_path / "models", _trusted)
    assert list((tmp_path / "models").iterdir()) == []


def test_who_signed_it_is_asked_only_where_a_person_did_not_say_otherwise(tmp_path: Path) -> None:
    unsigned = _zip(tmp_path / "unsigned.zip", [*_files(tmp_path / "made").items()][:-1])
    with pytest.raises(UntrustedPackage, match=r"model\.sig: is missing"):
        install_package_zip(unsigned, tmp_path / "models", _trusted)
    assert install_package_zip(unsigned, tmp_path / "models", None).manifest.name == "tiny"


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_files_of_one_name(tmp_path: Path) -> None:
    files = _files(tmp_path / "made")
    path = _zip(tmp_path / "bad.zip", [*files.items(), ("tiny.onnx", b"the other")])
    with pytest.raises(PackageError, match="stands in the zip twice"):
        install_package_zip(path, tmp_path / "models", _trusted)


def test_every_truncation_and_a_flipped_byte_anywhere_is_refused_or_harmless(tmp_path: Path) -> None:
    good = _good(tmp_path).read_bytes()
    path, root = tmp_path / "bad.zip", tmp_path / "models"
    for cut in range(0, len(good), max(len(good) // 60, 1)):
        path.write_bytes(good[:cut])
        with pytest.raises(PackageError):
            install_package_zip(path, root, _trusted)
    for position in range(0, len(good), max(len(good) // 150, 1)):
        path.write_bytes(good[:position] + bytes([good[position] ^ 0x55]) + good[position + 1 :])
        try:
            install_package_zip(path, root, _trusted)
        except PackageError:
            continue
        load_package(root / "tiny-1.0.0")


@pytest.mark.parametrize("field", [6, 8, 10], ids=["version needed", "flags", "method"])
def test_an_entry_that_this_python_cannot_read_is_refused(tmp_path: Path, field: int) -> None:
    good = bytearray(_good(tmp_path).read_bytes())
    directory = good.index(b"PK\x01\x02")
    good[directory + field] = 0x55
    path = tmp_path / "bad.zip"
    path.write_bytes(good)
    with pytest.raises(PackageError):
        install_package_zip(path, tmp_path / "models", _trusted)


def test_a_directory_that_fills_memory_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with (tmp_path / "bomb.zip").open("wb") as file:
        write_directory_bomb(file, 1000)
    with pytest.raises(PackageError, match="zip: holds 1000 files; at most 32"):
        install_package_zip(tmp_path / "bomb.zip", tmp_path / "models", _trusted)


def test_a_disk_without_room_is_said_before_anything_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _good(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: _Disk(1 << 40, 1 << 40, (256 << 20) + 10))
    with pytest.raises(PackageError, match="256 MiB to spare; 256 MiB are free"):
        install_package_zip(path, tmp_path / "models", _trusted)
    assert list((tmp_path / "models").iterdir()) == []


class _Disk(NamedTuple):
    total: int
    used: int
    free: int
