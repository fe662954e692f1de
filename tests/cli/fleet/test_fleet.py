"""``visaged fleet`` against boxes on a real broker."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import pytest

from tests.cli.fleet.running import Fleet
from tests.control.broker import Broker, free_port, set_password
from tests.control.operator import Operator
from visaged.cli.fleet.boxes import Boxes
from visaged.cli.fleet.messages import BadMessage
from visaged.cli.fleet.rollout import RolloutError, parse_waves
from visaged.cli.main import main
from visaged.control.protocol.commands.config import ConfigGot, ConfigSet
from visaged.control.protocol.commands.models import ModelEntry, ModelsListed
from visaged.control.protocol.refusal import Refusal

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
SHA256 = "0" * 64


def test_ls_shows_every_box(fleet: Fleet, capsys: pytest.CaptureFixture[str]) -> None:
    assert fleet.run("ls") == 0
    shown = capsys.readouterr().out
    assert all(device_id in shown for device_id in fleet.boxes)
    assert "lobby" in shown
    assert fleet.run("ls", "--json") == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["device"] for line in lines] == sorted(fleet.boxes)
    assert lines[0]["status"]["state"] == "online"


def test_watch_is_live(fleet: Fleet, capsys: pytest.CaptureFixture[str]) -> None:
    assert fleet.run("watch", "--seconds", "0.6") == 0
    assert "4 of 4 boxes alive" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("to", "asked"),
    [
        (["--to", "box-01", "box-03"], {"box-01", "box-03"}),
        (["--group", "lobby"], {"box-01", "box-02"}),
        (["--all"], {"box-01", "box-02", "box-03", "box-04"}),
    ],
)
def test_send_reaches_whom_it_should(
    fleet: Fleet, capsys: pytest.CaptureFixture[str], to: list[str], asked: set[str]
) -> None:
    assert fleet.run("send", "capsule.play", '{"cid": "VF_083"}', *to, "--json") == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {answer["device"] for answer in answers} == asked
    assert all(answer["ok"] for answer in answers)
    assert {name for name, box in fleet.boxes.items() if box.desk.box.asked} == asked


def test_who_does_not_answer_and_who_refuses_is_shown(fleet: Fleet, capsys: pytest.CaptureFixture[str]) -> None:
    assert fleet.run("send", "mode.set", '{"mode": "converse"}', "--to", "box-01", "box-99", "--timeout", "0.5") == 1
    shown = capsys.readouterr().out
    assert "unavailable (mode): converse needs" in shown
    assert "no answer" in shown


@pytest.mark.parametrize(
    "words",
    [
        ["send", "capsule.play", '{"cid": 7}', "--all"],
        ["send", "capsule.play", "nonsense", "--all"],
        ["rollout", "--set", "face.intensity", "--all"],
        ["rollout", "--set", "face.intensity=1", "--all", "--waves", "5,1"],
        ["rollout", "--set", "face.intensity=1", "--to", "box-99"],
        ["rollout", "--pack", "http://x/y", SHA256, "--all"],
        ["rollout", "--set", "face.intensity=1", "--all", "--previous", "https://x/y", SHA256],
        ["--base", "a/#", "ls"],
    ],
)
def test_what_is_wrong_is_refused_before_any_box_hears_of_it(
    fleet: Fleet, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    if words[0] == "--base":
        assert main(["fleet", *words]) == 2
    else:
        assert fleet.run(*words) == 2
    assert capsys.readouterr().err
    assert all(box.desk.box.asked == [] for box in fleet.boxes.values())


def test_without_a_broker_the_exit_code_is_69(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fleet", "--broker", f"127.0.0.1:{free_port()}", "ls"]) == 69
    assert "nothing listens" in capsys.readouterr().err


def test_a_wrong_password_is_said(broker: Broker, capsys: pytest.CaptureFixture[str]) -> None:
    guarded = Broker(broker.folder / "..", ["allow_anonymous false"])
    guarded.lines.append(f"password_file {set_password(broker.folder, 'operator', 'secret')}")
    guarded.start()
    assert main(["fleet", "--broker", f"127.0.0.1:{guarded.port}", "ls"]) == 69
    assert "not authorized" in capsys.readouterr().err.lower()
    guarded.stop()


def _rollout(fleet: Fleet, *words: str) -> int:
    return fleet.run("rollout", "--all", "--waves", "1,50%,100%", "--settle", "0.1", "--soak", "0.3", *words)


def test_a_rollout_goes_through_in_waves(fleet: Fleet, capsys: pytest.CaptureFixture[str]) -> None:
    assert _rollout(fleet, "--set", "livelink.fps=50") == 0
    shown = capsys.readouterr().out
    assert "wave 3 of 3: box-03, box-04" in shown
    assert all(fleet.settings_sent(device_id) == [{"livelink": {"fps": 50}}] for device_id in fleet.boxes)


def test_a_box_that_gets_worse_stops_the_rollout_and_brings_everything_back(
    fleet: Fleet, capsys: pytest.CaptureFixture[str]
) -> None:
    sick = fleet.boxes["box-02"]
    handle = sick.desk.box.config_set

    def degrade(request: ConfigSet, progress: Any) -> Any:
        sick.state = "degraded"
        return handle(request, progress)

    sick.desk.serve("config.set", degrade)
    assert _rollout(fleet, "--set", "livelink.fps=50", "--settle", "1") == 1
    shown = capsys.readouterr().out
    assert "box-02: is degraded" in shown
    assert "box-01 is rolled back" in shown
    for device_id in ("box-01", "box-02"):
        assert fleet.settings_sent(device_id) == [{"livelink": {"fps": 50}}, {"livelink": {"fps": 60}}]
    for device_id in ("box-03", "box-04"):
        assert fleet.settings_sent(device_id) == []


def test_a_box_that_puts_settings_back_itself_stops_it_too(fleet: Fleet, capsys: pytest.CaptureFixture[str]) -> None:
    first = fleet.boxes["box-01"]

    def reject(request: ConfigSet, progress: Any) -> Any:
        first.desk.events.tell("config_rejected", changed=["livelink.fps"], reason="the face stopped")
        return type(first.desk.box).config_set(first.desk.box, request, progress)

    first.desk.serve("config.set", reject)
    assert _rollout(fleet, "--set", "livelink.fps=50") == 1
    assert "put the settings back: the face stopped" in capsys.readouterr().out


def test_a_refusal_stops_it_and_what_cannot_be_undone_is_said(fleet: Fleet, capsys: pytest.CaptureFixture[str]) -> None:
    def refuse(request: Any, progress: Any) -> Any:
        raise Refusal("refused", "no key that this box trusts signed the pack")

    fleet.boxes["box-02"].desk.serve("pack.install", refuse)
    assert _rollout(fleet, "--pack", "https://packs.example/a.pack", SHA256) == 1
    shown = capsys.readouterr().out
    assert "no key that this box trusts" in shown
    assert "box-01 is not rolled back: no --previous pack" in shown


def test_a_model_is_installed_and_selected(fleet: Fleet) -> None:
    for box in fleet.boxes.values():
        entry = ModelEntry(kind="lipsync", name="lipsync", version="1.0.0", precisions=("fp32",), selected=True)
        listed = ModelsListed(models=(entry,))
        box.desk.serve("models.list", lambda request, progress, listed=listed: listed)
    fleet.boxes["box-04"].state = "degraded"  # as it was before: no reason to stop
    source = ["--model-from", "https://packs.example/l.zip", SHA256]
    assert _rollout(fleet, "--model", "lipsync@1.2.0", *source) == 0
    names = [type(request).__name__ for request in fleet.boxes["box-03"].desk.box.asked]
    assert names == ["ModelsInstall", "ModelsSelect", "HealthGet", "HealthGet"]


def test_a_busy_box_is_asked_again(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visaged.cli.fleet.changes._BUSY_PAUSE_S", 0.05)
    first, calls = fleet.boxes["box-01"].desk, []

    def busy_once(request: Any) -> ConfigGot:
        calls.append(request)
        if len(calls) == 1:
            raise Refusal("busy", "the change before is on probation")
        return ConfigGot(settings={"livelink": {"fps": 60}}, on_probation=False)

    first.serve("config.get", busy_once)
    assert _rollout(fleet, "--set", "livelink.fps=50") == 0
    assert len(calls) == 3  # once busy, before the change, after it


def test_forget_removes_a_box_that_is_gone(
    fleet: Fleet, operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fleet.run("forget", "box-01") == 2
    assert "stop it first" in capsys.readouterr().err
    fleet.boxes["box-01"].link.stop()
    assert fleet.run("forget", "box-01") == 0
    operator.wait(lambda message: message.topic == "homeassistant/device/box-01/config" and not message.payload)
    assert fleet.run("ls", "--json") == 0
    assert "box-01" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "count", "sizes"),
    [("1,10%,100%", 200, [1, 19, 180]), ("100%", 3, [3]), ("1,10%,100%", 1, [1]), ("2,50%", 10, [2, 3]), ("9", 4, [4])],
)
def test_waves(text: str, count: int, sizes: list[int]) -> None:
    assert parse_waves(text, count) == sizes


@pytest.mark.parametrize("text", ["", "0", "10%,5%", "101%", "a", "1,,2", "-1"])
def test_waves_that_are_none(text: str) -> None:
    with pytest.raises(RolloutError):
        parse_waves(text, 100)


def test_what_is_known_of_a_box_stays_when_a_message_is_none() -> None:
    boxes = Boxes()
    for payload in (b"nonsense", b"[]", b'{"state": "dancing"}', b"\xff"):
        for kind in ("status", "health"):
            with pytest.raises(BadMessage):
                boxes.heard("box-01", kind, payload)
    assert (len(boxes), boxes.get("box-01").state) == (1, "unknown")
    boxes.heard("box-01", "status", b"")
    assert len(boxes) == 0
