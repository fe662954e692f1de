from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from visaged.cli import main
from visaged.inference.find import WHEEL_ROOT

SHIPPED = WHEEL_ROOT / "lipsync"


def test_the_shipped_package_is_listed_and_sound(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "list"]) == 0
    assert "lipsync" in capsys.readouterr().out
    assert main(["models", "verify", str(SHIPPED)]) == 0
    assert "is usable" in capsys.readouterr().out


def test_a_damaged_package_is_named_with_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "lipsync"
    shutil.copytree(SHIPPED, folder)
    model = next(folder.glob("*.onnx"))
    model.write_bytes(model.read_bytes()[:-1] + b"\x00")
    assert main(["models", "verify", str(folder)]) == 1
    assert model.name in capsys.readouterr().err
    assert main(["models", "list", "--models", str(tmp_path)]) == 1
    assert "copy the package again" in capsys.readouterr().err


def test_a_folder_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "verify", str(tmp_path / "none")]) == 1
    assert "model.json: cannot be read: No such file" in capsys.readouterr().err
