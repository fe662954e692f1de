"""How a rollout judges boxes: by the new setting, when they have settled, by what they say themselves."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from tests.cli.fleet.running import Fleet
from tests.control.mqtt.linked import Linked
from visaged.control.protocol.commands.config import ConfigGot, ConfigSet
from visaged.control.protocol.refusal import Refusal

PROBLEM = {"code": "livelink_target_1", "since": "2026-01-01T00:00:00Z", "message": "m", "remedy": "r"}


class Living:
    """A box that sends as it is set to, ``after_s`` after it was told, and calls ``then`` when it is told."""

    def __init__(self, box: Linked, after_s: float = 0.0, then: Callable[[Linked], None] = lambda box: None) -> None:
        self.box = box
        self.sends = 1.0  # of what it is set to
        self._after_s = after_s
        self._then = then
        self._livelink: dict[str, Any] = {"fps": 60, "targets": ["127.0.0.1:11111"]}
        box.health_fields = {"livelink": {"fps": 60.0}}
        for name, handler in (("config.get", self._get), ("config.set", self._set), ("health.get", self._health)):
            box.desk.serve(name, handler)

    def _get(self, request: Any) -> ConfigGot:
        return ConfigGot(settings={"livelink": self._livelink}, on_probation=False)

    def _set(self, request: ConfigSet, progress: Any) -> Any:
        self._livelink = self._livelink | request.settings["livelink"]
        if self._after_s:
            self.box.health_fields = {"livelink": {"fps": 21.0}, "problems": [PROBLEM]}
        timer = threading.Timer(self._after_s, self._settled)
        timer.daemon = True
        timer.start()
        self._then(self.box)
        return self.box.desk.box.config_set(request, progress)

    def _settled(self) -> None:
        self.box.health_fields = {"livelink": {"fps": self._livelink["fps"] * self.sends}}

    def _health(self, request: Any) -> Any:
        return self.box.link._sources.health()


def rollout(fleet: Fleet, change: str, settle_s: float = 1.0) -> int:
    return fleet.run("rollout", "--set", change, "--all", "--waves", "100%", f"--settle={settle_s}", "--soak=0.3")


def test_half_the_rate_is_what_was_asked_for(fleet: Fleet, capsys: pytest.CaptureFixture[str]) -> None:
    for box in fleet.boxes.values():
        Living(box)
    assert rollout(fleet, "livelink.fps=30") == 0
    assert rollout(fleet, "livelink.fps=60") == 0
    assert "done: 4 boxes" in capsys.readouterr().out


def test_a_new_target_may_take_its_time(fleet: Fleet) -> None:
    for box in fleet.boxes.values():
        Living(box, after_s=0.3)
    assert rollout(fleet, 'livelink.targets=["127.0.0.1:11112"]', settle_s=2.0) == 0


def test_a_box_that_cannot_keep_the_new_rate_is_found(fleet: Fleet, capsys: pytest.CaptureFixture[str]) -> None:
    boxes = [Living(box) for box in fleet.boxes.values()]
    boxes[2].sends = 0.8
    assert rollout(fleet, "livelink.fps=120") == 1
    shown = capsys.readouterr().out
    assert "box-03: sends 96.0 frames per second, expected 120.0" in shown
    assert shown.count("is rolled back") == 4


def test_a_problem_that_stays_is_found(fleet: Fleet, capsys: pytest.CaptureFixture[str]) -> None:
    Living(fleet.boxes["box-01"], after_s=3600.0)
    for name in ("box-02", "box-03", "box-04"):
        Living(fleet.boxes[name])
    assert rollout(fleet, 'livelink.targets=["127.0.0.1:11112"]', settle_s=0.2) == 1
    assert "box-01: is online, new problems: livelink_target_1" in capsys.readouterr().out


def test_who_connects_anew_while_it_settles_is_not_lost(fleet: Fleet) -> None:
    def connect_anew(box: Linked) -> None:
        threading.Timer(0.2, box.link.reconfigure, (box.settings, ["lobby"])).start()

    for box in fleet.boxes.values():
        Living(box, then=connect_anew)
    assert rollout(fleet, 'livelink.targets=["127.0.0.1:11112"]', settle_s=4.0) == 0


def test_who_does_not_say_how_it_is_is_not_well(
    fleet: Fleet, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("visaged.cli.fleet.rollout._HEALTH_S", 0.5)
    for box in fleet.boxes.values():
        Living(box)

    def refuse(request: Any) -> Any:
        raise Refusal("internal", "a defect")

    fleet.boxes["box-04"].desk.serve("health.get", refuse)
    assert rollout(fleet, "livelink.fps=50", settle_s=0.1) == 1
    assert "box-04: internal: a defect" in capsys.readouterr().out


def test_an_interrupted_rollout_says_what_it_has_changed(
    fleet: Fleet, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("visaged.cli.fleet.rollout.Rollout._watch", interrupt)
    assert rollout(fleet, "face.intensity=0.9") == 130
    assert "interrupted, not rolled back: box-01, box-02, box-03, box-04" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["--settle", "nan"], ["--soak", "-1"], ["--soak", "1e9"], ["--soak", "x"]])
def test_times_that_are_none(words: list[str], fleet: Fleet) -> None:
    with pytest.raises(SystemExit) as stopped:
        fleet.run("rollout", "--all", "--set", "face.intensity=1", *words)
    assert stopped.value.code == 2
