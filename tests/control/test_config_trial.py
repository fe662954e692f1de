from __future__ import annotations

import errno
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.control.config_box import TEXT, Box, at_fifty_times_the_speed, refused
from tests.patience import PATIENCE_S
from visaged.control import config_handlers, config_store
from visaged.control.protocol.commands.config import ConfigGet


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    """One whose probation is not over before the test."""
    made = Box(tmp_path / "visaged.toml")
    yield made
    made.handlers.stop()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    at_fifty_times_the_speed(monkeypatch)


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


def test_a_clean_stop_keeps_what_runs_but_not_an_unproven_broker(box: Box) -> None:
    box.set({"face": {"intensity": 0.8}})
    box.handlers.stop()
    assert "0.8" in box.path.read_text()
    assert not box.store.on_trial


def test_a_stop_before_the_broker_was_reached_puts_back(box: Box) -> None:
    box.set({"mqtt": {"host": "nowhere"}})
    box.handlers.stop()
    assert box.path.read_text() == TEXT


@pytest.mark.usefixtures("quick")
def test_a_stage_that_had_to_be_restarted_brings_the_settings_before_back(box: Box) -> None:
    box.set({"face": {"intensity": 0.8}})
    box.failures |= {"the thread 'visaged-input' failed: ValueError"}
    assert box.verdict.wait(PATIENCE_S)
    assert box.told[-1].event == "config_rejected"
    assert box.told[-1].data["reason"] == "after the change, the thread 'visaged-input' failed: ValueError"
    assert box.path.read_text() == TEXT


def test_a_stop_that_the_watchdog_asked_for_puts_back(box: Box) -> None:
    box.set({"face": {"intensity": 0.8}})
    box.failures |= {"a stage was restarted"}
    box.handlers.stop()
    assert box.path.read_text() == TEXT
    assert not box.store.on_trial


def _cannot_write(*_arguments: object) -> None:
    raise OSError(errno.EROFS, "Read-only file system")


def _rejected_on_a_full_disk(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    box.set({"face": {"intensity": 0.8}})
    monkeypatch.setattr(config_store, "write_atomic", _cannot_write)
    box.failures |= {"a stage was restarted"}
    assert box.verdict.wait(PATIENCE_S)
    assert "could not be put back: Read-only" in box.told[-1].data["reason"]
    assert box.settings.face.intensity == 1.0


@pytest.mark.usefixtures("quick")
def test_what_could_not_be_put_back_is_not_taken_up_again(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        _rejected_on_a_full_disk(box, patch)
        for again in (box.handlers.reload, lambda: box.set({"face": {"smoothing_ms": 20}})):
            assert "those before cannot be put back" in refused(again).message
        assert box.settings.face.intensity == 1.0
    assert box.handlers.reload() == ()
    assert box.path.read_text() == TEXT
    assert not box.store.on_trial


@pytest.mark.usefixtures("quick")
def test_what_a_person_wrote_since_stays(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        _rejected_on_a_full_disk(box, patch)
    box.path.write_text(TEXT.replace("1.0", "0.6"))
    assert box.handlers.reload() == ("face.intensity",)
    assert box.settings.face.intensity == 0.6


def test_the_mode_of_the_file_is_kept(box: Box) -> None:
    box.path.chmod(0o604)
    box.store.begin("[face]\n")
    assert box.path.stat().st_mode & 0o777 == 0o604


def test_a_disk_that_takes_nothing_is_told_and_nothing_changes(box: Box) -> None:
    box.path.with_name("visaged.toml.previous").mkdir()
    refusal = refused(lambda: box.set({"face": {"intensity": 0.8}}))
    assert refusal.code == "failed"
    assert box.path.read_text() == TEXT
    assert box.applied == []


def test_reading_again_ends_a_probation_and_keeps_what_was_tried(box: Box) -> None:
    box.set({"face": {"intensity": 0.8}})
    assert box.store.on_trial
    box.path.write_text(box.path.read_text().replace("'one'", "'two'"))
    assert box.handlers.reload() == ("mqtt.host",)
    assert not box.store.on_trial
    assert box.settings.face.intensity == 0.8
    assert not box.handlers.config_get(ConfigGet()).on_probation


def test_a_change_that_hangs_holds_up_neither_the_next_nor_the_end(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config_handlers, "_PATIENCE_S", 0.05)
    box.go_on.clear()
    stuck = threading.Thread(target=box.set, args=({"face": {"intensity": 0.8}},))
    stuck.start()
    assert box.entered.wait(PATIENCE_S)
    assert refused(lambda: box.set({"face": {"intensity": 0.7}})).code == "busy"
    box.handlers.stop()
    assert box.store.on_trial, "the next start decides"
    box.go_on.set()
    stuck.join(PATIENCE_S)
