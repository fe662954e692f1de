from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.patience import PATIENCE_S
from visaged.config.load import ConfigError, load
from visaged.config.schema import Settings
from visaged.control import commit_confirm as probation
from visaged.control.config_handlers import ConfigHandlers, ConfigHooks, mask
from visaged.control.config_store import ConfigStore
from visaged.control.protocol.commands.config import ConfigApplied, ConfigGet, ConfigSet
from visaged.control.protocol.events import Event, Events
from visaged.control.protocol.refusal import Refusal

TEXT = "# mine\n[face]\nintensity = 1.0\n\n[mqtt]\nenabled = true\nhost = 'one'\n"


@dataclass
class Box:
    """A face that ticks unless stopped, and a broker that is reached at some hosts."""

    path: Path
    applied: list[Settings] = field(default_factory=list)
    refuse: Refusal | None = None
    alive: bool = True
    reachable: tuple[str, ...] = ("one",)
    ticks: int = 0
    told: list[Event] = field(default_factory=list)
    verdict: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.path.write_text(TEXT)
        self.store = ConfigStore(self.path)
        overrides = ["runtime.log_level=debug"]
        self.settings = load(self.path, overrides)
        events = Events()
        events.listen(self._tell)
        hooks = ConfigHooks(self._apply, self._tick, lambda: self.settings.mqtt.host in self.reachable)
        self.handlers = ConfigHandlers(self.store, self.settings, hooks, events, overrides)

    def set(self, settings: dict[str, Any], **fields: Any) -> ConfigApplied:
        return self.handlers.config_set(ConfigSet(settings=settings, **fields), lambda doing, percent: None)

    def _apply(self, settings: Settings) -> None:
        if self.refuse is not None:
            raise self.refuse
        self.applied.append(settings)
        self.settings = settings

    def _tick(self) -> int:
        self.ticks += self.alive
        return self.ticks

    def _tell(self, event: Event) -> None:
        self.told.append(event)
        if event.event in ("config_applied", "config_rejected"):
            self.verdict.set()


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    """One whose probation is not over before the test."""
    box = Box(tmp_path / "visaged.toml")
    yield box
    box.handlers.stop()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Probation at fifty times the speed."""
    for name in ("FACE_S", "BROKER_S", "_LOOK_S", "_STILL_S"):
        monkeypatch.setattr(probation, name, getattr(probation, name) / 50)


def _refused(call: Callable[[], object]) -> Refusal:
    with pytest.raises(Refusal) as caught:
        call()
    return caught.value


@pytest.mark.usefixtures("quick")
def test_a_change_is_applied_kept_and_told(box: Box) -> None:
    answer = box.set({"face": {"intensity": 0.8}})
    assert (answer.changed, answer.applied) == (("face.intensity",), True)
    assert box.applied[-1].face.intensity == 0.8
    assert box.verdict.wait(PATIENCE_S)
    assert box.told[-1].event == "config_applied"
    assert box.path.read_text() == TEXT.replace("1.0", "0.8")
    assert box.store.previous.read_text() == TEXT
    assert not box.store.on_trial
    got = box.handlers.config_get(ConfigGet(section="face"))
    assert got.settings["face"]["intensity"] == 0.8


@pytest.mark.usefixtures("quick")
def test_a_face_that_stops_brings_the_settings_before_back(box: Box) -> None:
    box.alive = False
    box.set({"face": {"intensity": 0.8}})
    assert box.verdict.wait(PATIENCE_S)
    assert box.told[-1].event == "config_rejected"
    assert "the face stopped" in box.told[-1].data["reason"]
    assert box.path.read_text() == TEXT
    assert box.applied[-1].face.intensity == 1.0


@pytest.mark.usefixtures("quick")
def test_a_broker_that_is_not_reached_brings_the_settings_before_back(box: Box) -> None:
    box.set({"mqtt": {"host": "nowhere"}})
    assert box.verdict.wait(PATIENCE_S)
    assert "broker" in box.told[-1].data["reason"]
    assert box.settings.mqtt.host == "one"
    assert box.path.read_text() == TEXT


@pytest.mark.usefixtures("quick")
def test_a_broker_that_is_reached_is_kept(box: Box) -> None:
    box.reachable = ("one", "two")
    box.set({"mqtt": {"host": "two"}})
    assert box.verdict.wait(PATIENCE_S)
    assert box.told[-1].event == "config_applied"


@pytest.mark.usefixtures("quick")
def test_a_broker_that_was_away_before_is_not_held_against_the_change(box: Box) -> None:
    box.reachable = ()
    box.set({"mqtt": {"host": "two"}})
    assert box.verdict.wait(PATIENCE_S)
    assert box.told[-1].event == "config_applied"


@pytest.mark.parametrize(
    ("settings", "code", "field"),
    [
        ({"face": {"intensity": 9}}, "invalid", "settings.face.intensity"),
        ({"face": {"intensety": 1}}, "invalid", "settings.face.intensety"),
        ({"nose": {"x": 1}}, "invalid", "settings.nose"),
        ({"face": 5}, "invalid", "settings.face"),
        ({"livelink": {"targets": ["x"]}}, "invalid", "settings.livelink.targets.0"),
        ({"livelink": {"targets": [None]}}, "invalid", "settings.livelink.targets.0"),
        ({"face": {"scale": {"brows": [None]}}}, "invalid", "settings.face.scale.brows.0"),
        ({"runtime": {"log_level": "info"}}, "refused", "settings.runtime.log_level"),
        ({"mqtt": {"enabled": False}}, "refused", "settings.mqtt.enabled"),
        ({"audio": {"input": {"backend": "alsa", "device": "a\0b"}}}, "invalid", "settings.audio.input.device"),
        ({"mqtt": {"username": "x", "password_file": "/run/a\0b"}}, "invalid", "settings.mqtt.password_file"),
        ({"livelink": {"fps": "1e300000000"}}, "invalid", "settings.livelink.fps"),
        ({"livelink": {"fps": 2**70}}, "invalid", "settings"),
        ({"livelink": {"targets": ["192.168.1..20:11111"]}}, "invalid", "settings.livelink.targets.0"),
        ({"livelink": {"targets": ["a:1"] * 5000}}, "invalid", "settings"),
        ({"mqtt": {"host": "mqtt://broker"}}, "invalid", "settings.mqtt.host"),
        ({"face": {"schön": 1}}, "invalid", "settings.face.schön"),
        ({"face": {"scale": {"a b": 1}}}, "invalid", "settings.face.scale"),
    ],
)
def test_what_is_refused_names_its_key_and_changes_nothing(
    box: Box, settings: dict[str, Any], code: str, field: str
) -> None:
    refusal = _refused(lambda: box.set(settings))
    assert (refusal.code, refusal.field) == (code, field)
    assert box.path.read_text() == TEXT
    assert box.applied == []
    assert not box.store.on_trial


def test_one_wrong_key_among_good_ones_refuses_them_all(box: Box) -> None:
    _refused(lambda: box.set({"face": {"intensity": 0.5, "smoothing_ms": -1}}))
    assert box.path.read_text() == TEXT


def test_a_change_that_the_daemon_refuses_leaves_the_file(box: Box) -> None:
    box.refuse = Refusal("unavailable", "no such device", "settings.audio.input.device")
    assert _refused(lambda: box.set({"audio": {"input": {"device": "x"}}})).code == "unavailable"
    assert box.path.read_text() == TEXT
    assert box.told[-1].event == "config_rejected"
    assert not box.handlers.config_get(ConfigGet()).on_probation


def test_checking_only_and_changing_nothing_apply_nothing(box: Box) -> None:
    assert box.set({"face": {"intensity": 0.8}}, check_only=True).changed == ("face.intensity",)
    assert box.set({"face": {"intensity": 1.0}}).changed == ()
    assert box.applied == []


def test_one_change_at_a_time(box: Box) -> None:
    box.set({"face": {"intensity": 0.8}})
    assert box.handlers.config_get(ConfigGet()).on_probation
    assert _refused(lambda: box.set({"face": {"intensity": 0.7}})).code == "busy"


def test_a_clean_stop_keeps_what_runs_but_not_an_unproven_broker(box: Box) -> None:
    box.set({"face": {"intensity": 0.8}})
    box.handlers.stop()
    assert "0.8" in box.path.read_text()
    assert not box.store.on_trial


def test_a_stop_before_the_broker_was_reached_puts_back(box: Box) -> None:
    box.set({"mqtt": {"host": "nowhere"}})
    box.handlers.stop()
    assert box.path.read_text() == TEXT


def test_a_crash_during_probation_is_undone_at_boot(tmp_path: Path) -> None:
    path = tmp_path / "visaged.toml"
    path.write_text(TEXT)
    ConfigStore(path).begin("[face]\nintensity = 0.1\n")
    assert ConfigStore(path).recover()
    assert path.read_text() == TEXT
    assert not ConfigStore(path).recover()


def test_a_first_file_that_fails_is_removed_again(tmp_path: Path) -> None:
    store = ConfigStore(tmp_path / "new" / "visaged.toml")
    store.begin("[face]\n")
    store.put_back()
    assert not store.path.exists()


def test_the_mode_of_the_file_is_kept(box: Box) -> None:
    box.path.chmod(0o604)
    box.store.begin("[face]\n")
    assert box.path.stat().st_mode & 0o777 == 0o604


def test_a_disk_that_takes_nothing_is_told_and_nothing_changes(box: Box) -> None:
    box.path.with_name("visaged.toml.previous").mkdir()
    refusal = _refused(lambda: box.set({"face": {"intensity": 0.8}}))
    assert refusal.code == "failed"
    assert box.path.read_text() == TEXT
    assert box.applied == []


def test_a_broken_file_on_the_box_is_said(box: Box) -> None:
    for broken in (b"[face\n", b"a = 1" + b"1" * 5000, b"\xff\xfe", b"#" * (300 << 10)):
        box.path.write_bytes(broken)
        refusal = _refused(lambda: box.set({"face": {"intensity": 0.8}}))
        assert refusal.code == "failed"
        assert str(box.path) in refusal.message


def test_an_unknown_section_is_not_found(box: Box) -> None:
    assert _refused(lambda: box.handlers.config_get(ConfigGet(section="nose"))).code == "not_found"


def test_secrets_are_masked_and_names_of_files_are_not() -> None:
    settings = {"a": {"password": "x", "password_file": "/f", "api_token": "t", "key": "k", "key_file": "/k"}, "b": [1]}
    assert mask(settings) == {
        "a": {
            "password": "********",
            "password_file": "/f",
            "api_token": "********",
            "key": "********",
            "key_file": "/k",
        },
        "b": [1],
    }


def test_a_file_that_was_changed_on_the_box_is_read_again(box: Box) -> None:
    box.path.write_text(TEXT.replace("1.0", "0.6"))
    assert box.handlers.reload() == ("face.intensity",)
    assert box.settings.face.intensity == 0.6
    assert box.settings.runtime.log_level == "debug", "--set stays above the file"
    assert box.handlers.reload() == ()
    assert len(box.applied) == 1
    box.path.unlink()
    assert "face.intensity" in box.handlers.reload()


def test_a_broken_file_is_refused_and_the_settings_before_go_on(box: Box) -> None:
    box.path.write_text("[face]\nintensity = 50\n")
    with pytest.raises(ConfigError, match=r"line 2: face\.intensity = 50"):
        box.handlers.reload()
    assert box.applied == []


def test_reading_again_ends_a_probation_and_keeps_what_was_tried(box: Box) -> None:
    box.set({"face": {"intensity": 0.8}})
    assert box.store.on_trial
    box.path.write_text(box.path.read_text().replace("'one'", "'two'"))
    assert box.handlers.reload() == ("mqtt.host",)
    assert not box.store.on_trial
    assert box.settings.face.intensity == 0.8
    assert not box.handlers.config_get(ConfigGet()).on_probation
