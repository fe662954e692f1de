"""``python -m models.neurosync``: the commands that are no part of visaged."""

import shutil
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch is a build-time dependency: pip install 'visaged[build]'")
pytest.importorskip("safetensors", reason="pip install 'visaged[build]'")

from models.neurosync.__main__ import main  # noqa: E402
from models.neurosync.importing import REPORT, Wishes, import_weights  # noqa: E402
from models.neurosync.twin import NARROW, random_weights  # noqa: E402
from visaged.inference.package import load_package  # noqa: E402


def _run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["models.neurosync", *words])
    return main()


def test_a_random_package_is_made_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(tmp_path / "made")
    assert _run(monkeypatch, "random", folder, "--position-encoding", "sinusoidal") == 0
    assert load_package(tmp_path / "made").manifest.position_encoding == "sinusoidal"
    assert _run(monkeypatch, "random", folder) == 1
    assert "cannot be written" in capsys.readouterr().err
    assert _run(monkeypatch, "errors", folder) == 1
    assert "has no report.json" in capsys.readouterr().err


def test_the_errors_of_every_output_are_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = tmp_path / "model.pth"
    torch.save({name: torch.from_numpy(array) for name, array in random_weights(NARROW).items()}, weights)
    wishes = Wishes(heads=4, precisions=("fp32", "fp16"))
    package, _ = import_weights(weights, tmp_path / "box", wishes, lambda step, share: None)
    assert _run(monkeypatch, "errors", str(package.folder)) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + 68
    assert lines[0].split() == ["output", "fp32", "p99", "fp32", "max", "fp16", "p99", "fp16", "max"]
    assert lines[18].startswith("JawOpen")
    shutil.copy(package.folder / REPORT, package.folder / "more.json")
    assert _run(monkeypatch, "errors", str(package.folder)) == 1
