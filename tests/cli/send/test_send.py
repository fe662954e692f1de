"""``visaged send`` against the real socket and dispatcher."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.control.fakes import make_desk
from visaged.cli import send
from visaged.cli.main import main
from visaged.console import exit_codes
from visaged.console.progress import Report
from visaged.control.local.socket import ControlSocket


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    desk = make_desk()
    desk.dispatcher.start()
    server = ControlSocket(tmp_path / "control.sock", desk.dispatcher)
    server.start()
    yield str(tmp_path / "control.sock")
    server.stop()
    desk.dispatcher.stop()


def test_the_answer_is_json(served: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["send", "capsule.play", '{"cid": "VF_083", "weight": 0.5}', "--socket", served]) == exit_codes.DONE
    assert json.loads(capsys.readouterr().out)["played"][0]["cid"] == "VF_083"


def test_fields_come_from_standard_input(
    served: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO('{"cid": "VF_083"}'))
    assert main(["send", "capsule.play", "-", "--socket", served]) == exit_codes.DONE
    assert json.loads(capsys.readouterr().out)["played"][0]["cid"] == "VF_083"


@pytest.mark.parametrize(
    "fields",
    [
        "{",
        "[1]",
        '"text"',
        "null",
        '{"nonsense": 1}',
        '{"cid": 5}',
        '{"command": "ping"}',
        '{"timeout_s": 1}',
        "[" * 9999,
    ],
)
def test_what_was_typed_wrong_is_a_usage_error(served: str, fields: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["send", "capsule.play", fields, "--socket", served]) == exit_codes.USAGE
    told = capsys.readouterr()
    assert told.err and not told.out


def test_without_a_daemon(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["send", "ping", "--socket", str(tmp_path / "none.sock")]) == exit_codes.UNAVAILABLE
    assert "no visaged is running" in capsys.readouterr().err


def test_an_unknown_command_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["send", "capsule.paly"])
    assert ended.value.code == exit_codes.USAGE
    assert "capsule.play" in capsys.readouterr().err


def test_how_far_a_long_command_is(
    served: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, float]] = []

    @contextmanager
    def bar() -> Iterator[Report]:
        yield lambda doing, share: told.append((doing, share))

    monkeypatch.setattr(send, "progress_bar", bar)
    assert main(["send", "selftest", "--socket", served]) == exit_codes.DONE
    assert told == [("clock", 0.5)]
    assert json.loads(capsys.readouterr().out)["passed"] is True
