from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from visaged.system.folders import trouble


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own."""
    options = "size=8m,nr_inodes=8"
    mounted = subprocess.run(
        ("mount", "-t", "tmpfs", "-o", options, "tmpfs", tmp_path), check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("may not mount")
    yield tmp_path
    subprocess.run(("umount", "--lazy", tmp_path), check=True)


def test_a_folder_to_write_to(tmp_path: Path) -> None:
    assert trouble(tmp_path) is None


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    found = trouble(tmp_path / "gone")
    assert found is not None
    assert "No such file" in found.words
    assert "gone" in found.remedy


def test_somebody_elses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Root may write everywhere, so the answer for another user is put in.
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    found = trouble(tmp_path)
    assert found is not None
    assert "chown" in found.remedy


def test_a_read_only_disk(disk: Path) -> None:
    subprocess.run(("mount", "-o", "remount,ro", disk), check=True)
    found = trouble(disk)
    assert found is not None
    assert "read-only" in found.words
    assert "remount,rw" in found.remedy


def test_a_full_disk(disk: Path) -> None:
    (disk / "big").write_bytes(bytes(5 << 20))
    found = trouble(disk)
    assert found is not None
    assert "full" in found.words


def test_no_inodes_left(disk: Path) -> None:
    for number in range(7):
        (disk / str(number)).touch()
    found = trouble(disk)
    assert found is not None
    assert "no inodes" in found.words
