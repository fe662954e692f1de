"""What ``visaged fleet ls`` and ``send`` show a person."""

from __future__ import annotations

import io
import json
from datetime import datetime, timezone

import pytest
from rich.console import Console

from tests.cli.fleet.running import Fleet
from visaged.cli.fleet.boxes import Box
from visaged.cli.fleet.link import Answer
from visaged.cli.fleet.tables import BoxesTable, answer_lines
from visaged.control.protocol.health_model import BoxStatus, Health


def box(device_id: str, *problems: str, fps: float = 60.0, group: str = "lobby") -> Box:
    now = datetime.now(timezone.utc)
    listed = [{"code": code, "since": now, "message": "m", "remedy": "r"} for code in problems]
    health = {
        "state": "online",
        "time": now,
        "uptime_s": 1.0,
        "version": "1",
        "livelink": {"fps": fps},
        "latency": {"voice_to_packet_p95_ms": 61.25},
        "system": {"cpu_temp_c": 51.2, "gpu_temp_c": 50.1},
        "process": {"cpu_percent": 14.3},
        "solver": {"name": "neurosync"},
        "problems": listed,
    }
    status = {"state": "online", "session": "s", "since": now, "version": "0.1.0", "groups": [group]}
    return Box(device_id, BoxStatus.model_validate(status), Health.model_validate(health))


def drawn(boxes: list[Box], width: int) -> list[str]:
    file = io.StringIO()
    Console(file=file, width=width).print(BoxesTable(boxes, "3 of 3"))
    return [line.rstrip() for line in file.getvalue().splitlines()]


FLEET = [
    box("lobby-01"),
    box("visaged-0123456789ab", "audio_input_lost", "livelink_target_1_name", "solver_stepped_down"),
    Box("silent"),
]


@pytest.mark.parametrize("width", [80, 100, 118, 140, 200])
def test_no_word_is_cut_at_any_usual_width(width: int) -> None:
    lines = drawn(FLEET, width)
    assert max(map(len, lines)) <= width
    words = " ".join(lines).replace(",", " ").split()
    expected = ["box", "state", "fps", "p95", "health", "problems", "lobby-01", "online", "60.0", "61.2"]
    expected += ["visaged-0123456789ab", "audio_input_lost", "livelink_target_1_name", "solver_stepped_down", "unknown"]
    assert set(expected) <= set(words)
    assert ("left" in words or "room" in words) == (width < 140)
    if width == 200:
        assert {"version", "0.1.0", "groups", "lobby", "51.2", "50.1", "14.3", "neurosync"} <= set(words)


def test_an_80_column_terminal_shows_one_line_per_healthy_box(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert fleet.run("ls") == 0
    lines = capsys.readouterr().out.splitlines()
    assert all(len(line.rstrip()) <= 80 for line in lines)
    assert [line.split()[:2] for line in lines[1:5]] == [[name, "online"] for name in sorted(fleet.boxes)]


def test_in_a_pipe_nothing_is_folded(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("COLUMNS")
    fleet.boxes["box-01"].health_fields = {
        "problems": [{"code": "c" * 90, "since": "2026-01-01T00:00:00Z", "message": "m", "remedy": "r"}]
    }
    assert fleet.run("ls") == 0
    assert len(capsys.readouterr().out.splitlines()) == 5


def test_one_odd_box_does_not_spoil_the_table() -> None:
    lines = drawn([*FLEET, box("a" * 64, "x" * 400, fps=1e308, group="[red]")], 80)
    assert max(map(len, lines)) <= 80
    assert any("lobby-01" in line for line in lines)
    assert "".join(line.split()[0] for line in lines if line.startswith("aaa")) == "a" * 64


def test_an_answer_is_json() -> None:
    data = {"settings": {"face": {"scale": {"brows": 0.6}, "seed": None, "on": True}}, "title": "é\u202e\x1b"}
    (line,) = answer_lines(["box-01"], {"box-01": Answer("box-01", data, None, 0.012)})
    assert line.plain.startswith("box-01  ok        12 ms  {")
    assert json.loads(line.plain[line.plain.index("{") :]) == data
    assert line.plain.isprintable()


def test_an_answer_that_nobody_reads_is_measured() -> None:
    (line,) = answer_lines([], {"b": Answer("b", {"curves_base64": "x" * 50_000}, None, 0.0)})
    assert line.plain.endswith("(50021 characters of JSON: --json prints them)")


def test_send_prints_json(fleet: Fleet, capsys: pytest.CaptureFixture[str]) -> None:
    assert fleet.run("send", "config.get", "--to", "box-01", "box-99", "--timeout", "0.5") == 1
    first, second = capsys.readouterr().out.splitlines()
    told = json.loads(first[first.index("{") :])
    assert told == {"settings": {"livelink": {"fps": 60}}, "on_probation": False, "restart_needed": []}
    assert second == "box-99  no answer"
