"""``visaged models remove``: the version may be left out where there is one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.inference.tiny import fields, write_model
from visaged.cli.main import main
from visaged.inference.package import write_package


def _install(root: Path, version: str) -> None:
    folder = root / f"tiny-{version}"
    folder.mkdir(parents=True)
    write_model(folder / "tiny.onnx")
    write_package(folder, **fields(version=version))


def test_the_version_is_needed_only_where_there_are_more(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tmp_path / "models"
    _install(root, "1.0.0")
    _install(root, "1.1.0")
    words = ["models", "remove", "tiny", "--models", str(root)]
    assert main(words) != 0
    assert "1.0.0, 1.1.0; say which" in capsys.readouterr().err
    assert main([*words[:3], "1.0.0", *words[3:]]) == 0
    (root / ".installing-removed-tiny-1.1.0" / "half").mkdir(parents=True)  # of a removal cut short
    assert main(words) == 0
    assert not list(root.glob("tiny-*"))
    assert main(words) != 0
    assert "is not installed" in capsys.readouterr().err
