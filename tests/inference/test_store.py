from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.inference.tiny import fields, write_model, write_tiny
from visaged.inference.errors import PackageConflict, PackageError
from visaged.inference.package import load_package, write_package
from visaged.inference.store import put, remove, staging


def _install(root: Path, **changes: object) -> None:
    with staging(root) as folder:
        write_model(folder / "tiny.onnx")
        put(write_package(folder, **fields(**changes)), root)


def test_a_package_appears_whole_and_staging_disappears(tmp_path: Path) -> None:
    _install(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["tiny-1.0.0"]
    load_package(tmp_path / "tiny-1.0.0")


def test_another_content_under_a_version_is_refused_and_the_first_stays(tmp_path: Path) -> None:
    _install(tmp_path)
    _install(tmp_path)
    with pytest.raises(PackageConflict, match="raise its version"):
        _install(tmp_path, source="another")
    assert load_package(tmp_path / "tiny-1.0.0").manifest.source == "made by hand for a test"


def test_what_a_killed_process_left_is_removed_but_not_what_another_is_making(tmp_path: Path) -> None:
    abandoned = tmp_path / ".installing-killed"
    write_tiny(abandoned / "package")
    with staging(tmp_path) as other, staging(tmp_path) as mine:
        assert not abandoned.exists()
        assert other.is_dir()
        assert mine.is_dir()


def test_a_package_is_removed_and_nothing_beside_it(tmp_path: Path) -> None:
    root = tmp_path / "models"
    for version in ("1.0.0", "1.1.0"):
        with staging(root) as folder:
            shutil.rmtree(folder)
            put(write_tiny(folder, version=version), root)
    name = next(root.iterdir()).name.rpartition("-")[0]
    assert remove(root, name, "1.0.0") == root / f"{name}-1.0.0"
    assert [path.name for path in root.iterdir()] == [f"{name}-1.1.0"]
    with pytest.raises(PackageError, match=f"there is {name}-1.1.0"):
        remove(root, name, "1.0.0")
    with pytest.raises(PackageError, match="is not installed"):
        remove(root, "../models/" + name, "1.1.0")
