from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.inference.tiny import write_tiny
from visaged.inference.errors import NoPackageError, PackageError, SessionError
from visaged.inference.find import BOX_ROOT, WHEEL_ROOT, open_first, search_roots
from visaged.inference.manifest import Kind
from visaged.inference.package import Package


def find(kind: Kind, roots: Sequence[Path], name: str = "") -> tuple[Package, list[PackageError | SessionError]]:
    return open_first(kind, roots, lambda package: package, name)


def spoil(folder: Path) -> None:
    (folder / "tiny.onnx").write_bytes(b"not a model")


def test_the_order_of_the_roots(tmp_path: Path) -> None:
    assert search_roots() == (BOX_ROOT, WHEEL_ROOT)
    assert search_roots(tmp_path) == (tmp_path, BOX_ROOT, WHEEL_ROOT)


def test_the_first_root_wins_and_in_a_root_the_highest_version(tmp_path: Path) -> None:
    write_tiny(tmp_path / "box" / "a", version="1.9.0")
    write_tiny(tmp_path / "box" / "b", version="1.10.0")
    write_tiny(tmp_path / "wheel" / "c", version="2.0.0")
    package, refused = find("lipsync", [tmp_path / "box", tmp_path / "wheel"])
    assert package.folder == tmp_path / "box" / "b"
    assert refused == []


def test_a_damaged_package_is_passed_over_and_reported(tmp_path: Path) -> None:
    write_tiny(tmp_path / "box" / "tiny", version="2.0.0")
    write_tiny(tmp_path / "wheel" / "tiny")
    spoil(tmp_path / "box" / "tiny")
    package, refused = find("lipsync", [tmp_path / "box", tmp_path / "wheel"])
    assert package.folder == tmp_path / "wheel" / "tiny"
    assert len(refused) == 1 and "box/tiny: tiny.onnx: sha256" in str(refused[0])


def test_a_package_that_does_not_open_is_passed_over_too(tmp_path: Path) -> None:
    write_tiny(tmp_path / "box" / "tiny")
    write_tiny(tmp_path / "wheel" / "tiny")

    def opener(package: Package) -> Package:
        if package.folder.parent.name == "box":
            raise SessionError("does not run")
        return package

    package, refused = open_first("lipsync", [tmp_path / "box", tmp_path / "wheel"], opener)
    assert package.folder == tmp_path / "wheel" / "tiny"
    assert str(refused[0]) == "does not run"


def test_a_root_may_be_the_package_itself(tmp_path: Path) -> None:
    write_tiny(tmp_path / "tiny")
    assert find("lipsync", [tmp_path / "tiny"])[0].manifest.name == "tiny"


def test_kind_and_name_are_respected_and_nothing_left_is_an_error(tmp_path: Path) -> None:
    write_tiny(tmp_path / "root" / "a", name="other")
    assert find("lipsync", [tmp_path / "root"], "other")[0].manifest.name == "other"
    with pytest.raises(NoPackageError, match="no usable neurosync package"):
        find("neurosync", [tmp_path / "root", tmp_path / "missing"])
    spoil(tmp_path / "root" / "a")
    with pytest.raises(NoPackageError, match=r"named 'other'.*refused.*sha256"):
        find("lipsync", [tmp_path / "root"], "other")
