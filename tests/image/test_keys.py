"""``make image`` wants to know whose key signs: boxes believe it for ever."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def _check(**environment: str) -> subprocess.CompletedProcess[str]:
    plain = {name: value for name, value in os.environ.items() if name not in ("KEYS", "TEST_KEY")}
    command = (ROOT / "image/make.sh", "--check")
    return subprocess.run(command, env=plain | environment, capture_output=True, text=True, check=False)


def test_no_key_no_image() -> None:
    result = _check()
    assert result.returncode == 2
    assert "its owner's key" in result.stderr
    assert "KEYS=FOLDER make image" in result.stderr


def test_a_folder_without_a_key_is_named(tmp_path: Path) -> None:
    result = _check(KEYS=str(tmp_path))
    assert result.returncode == 2
    assert f"{tmp_path}/update.key" in result.stderr


def test_the_owners_key(tmp_path: Path) -> None:
    for name in ("update.key", "update.cert.pem"):
        (tmp_path / name).touch()
    assert _check(KEYS=str(tmp_path)).returncode == 0
