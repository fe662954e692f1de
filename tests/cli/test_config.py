from __future__ import annotations

from pathlib import Path

import pytest

from visaged.cli import main
from visaged.config.load import load


def test_check_says_what_is_wrong_and_exits_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "visaged.toml"
    path.write_text("[livelink]\nfps = 0\n")
    assert main(["config", "check", str(path)]) == 2
    error = capsys.readouterr().err
    assert f"{path} line 2: livelink.fps = 0: expected a rate from 24 to 120" in error


def test_check_of_a_good_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "visaged.toml"
    path.write_text("[livelink]\nfps = 30\n")
    assert main(["config", "check", str(path)]) == 0
    assert capsys.readouterr().out == f"{path}: good\n"


def test_what_init_writes_is_good_and_is_not_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "visaged.toml"
    assert main(["config", "init", str(path)]) == 0
    load(path)
    path.write_text("# mine\n")
    assert main(["config", "init", str(path)]) == 1
    assert path.read_text() == "# mine\n"
    assert "--force" in capsys.readouterr().err
    assert main(["config", "init", str(path), "--force"]) == 0
    assert path.read_text() != "# mine\n"


def test_init_into_a_folder_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "init", str(tmp_path / "none" / "visaged.toml")]) == 1
    assert "cannot be written: No such file" in capsys.readouterr().err


def test_show_prints_what_is_in_effect(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "show", "--set", "livelink.subject=lobby"]) == 0
    shown = tmp_path / "shown.toml"
    shown.write_text(capsys.readouterr().out)
    assert load(shown).livelink.subject == "lobby"


def test_every_command_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    from visaged.cli.main import COMMANDS  # noqa: PLC0415

    for command in COMMANDS:
        with pytest.raises(SystemExit) as ended:
            main([command, "--help"])
        assert ended.value.code == 0
        assert len(capsys.readouterr().out) > 100


def test_an_unknown_command_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["dance"])
    assert ended.value.code == 2
    assert "invalid choice: 'dance'" in capsys.readouterr().err
