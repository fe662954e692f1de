from __future__ import annotations

from pathlib import Path

import pytest

from tests.inference.tiny import write_tiny
from visaged.inference.find import BOX_ROOT, WHEEL_ROOT, NoPackageError, find_package, search_roots


def spoil(folder: Path) -> None:
    (folder / "tiny.onnx").write_bytes(b"not a model")


def test_the_order_of_the_roots(tmp_path: Path) -> None:
    assert search_roots() == (BOX_ROOT, WHEEL_ROOT)
    assert search_roots(tmp_path)[0] == tmp_path


def test_the_first_root_wins_and_in_a_root_the_highest_version(tmp_path: Path) -> None:
    write_tiny(tmp_path / "box" / "a", version="1.9.0")
    write_tiny(tmp_path / "box" / "b", version="1.10.0")
    write_tiny(tmp_path / "wheel" / "c", version="2.0.0")
    found = find_package("lipsync", [tmp_path / "box", tmp_path / "wheel"])
    assert found.package.folder == tmp_path / "box" / "b"
    assert found.refused == ()


def test_a_damaged_package_is_passed_over_and_reported(tmp_path: Path) -> None:
    write_tiny(tmp_path / "box" / "tiny", version="2.0.0")
    write_tiny(tmp_path / "wheel" / "tiny")
    spoil(tmp_path / "box" / "tiny")
    found = find_package("lipsync", [tmp_path / "box", tmp_path / "wheel"])
    assert found.package.folder == tmp_path / "wheel" / "tiny"
    assert [error.folder for error in found.refused] == [tmp_path / "box" / "tiny"]


def test_a_root_may_be_the_package_itself(tmp_path: Path) -> None:
    write_tiny(tmp_path / "tiny")
    assert find_package("lipsync", [tmp_path / "tiny"]).package.manifest.name == "tiny"


def test_kind_and_name_are_respected_and_nothing_left_is_an_error(tmp_path: Path) -> None:
    write_tiny(tmp_path / "root" / "a", name="other")
    assert find_package("lipsync", [tmp_path / "root"], "other").package.manifest.name == "other"
    with pytest.raises(NoPackageError, match="no usable neurosync package"):
        find_package("neurosync", [tmp_path / "root", tmp_path / "missing"])
    spoil(tmp_path / "root" / "a")
    with pytest.raises(NoPackageError, match=r"named 'other'.*refused.*sha256"):
        find_package("lipsync", [tmp_path / "root"], "other")
