from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.control.config_box import TEXT, Box, refused
from visaged.config.load import ConfigError
from visaged.control.mask import mask
from visaged.control.protocol.commands.config import ConfigGet
from visaged.control.protocol.refusal import Refusal


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    """One whose probation is not over before the test."""
    made = Box(tmp_path / "visaged.toml")
    yield made
    made.handlers.stop()


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
        ({"livelink": {"fps": 2**70}}, "invalid", "settings.livelink.fps"),
        ({"livelink": {"targets": ["192.168.1..20:11111"]}}, "invalid", "settings.livelink.targets.0"),
        ({"livelink": {"targets": ["a:1"] * 5000}}, "invalid", "settings.livelink.targets"),
        ({"mqtt": {"host": "mqtt://broker"}}, "invalid", "settings.mqtt.host"),
        ({"face": {"schön": 1}}, "invalid", "settings.face.schön"),
        ({"face": {"scale": {"a b": 1}}}, "invalid", "settings.face.scale"),
    ],
)
def test_what_is_refused_names_its_key_and_changes_nothing(
    box: Box, settings: dict[str, Any], code: str, field: str
) -> None:
    refusal = refused(lambda: box.set(settings))
    assert (refusal.code, refusal.field) == (code, field)
    assert box.path.read_text() == TEXT
    assert box.applied == []
    assert not box.store.on_trial


def test_what_is_refused_is_not_edited_first(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    """tomlkit takes a second for 2,000 targets, which is as many as a request can hold."""
    monkeypatch.setattr("visaged.control.toml_edit._change", lambda *_: pytest.fail("it was edited"))
    refusal = refused(lambda: box.set({"livelink": {"targets": ["a:1"] * 2000}}))
    assert "at most 16 items" in refusal.message


def test_one_wrong_key_among_good_ones_refuses_them_all(box: Box) -> None:
    refused(lambda: box.set({"face": {"intensity": 0.5, "smoothing_ms": -1}}))
    assert box.path.read_text() == TEXT


def test_a_change_that_the_daemon_refuses_leaves_the_file(box: Box) -> None:
    box.refuse = Refusal("unavailable", "no such model", "settings.codec.model")
    assert refused(lambda: box.set({"codec": {"model": "x"}})).code == "unavailable"
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
    assert refused(lambda: box.set({"face": {"intensity": 0.7}})).code == "busy"


def test_a_broken_file_on_the_box_is_said(box: Box) -> None:
    for broken in (b"[face\n", b"a = 1" + b"1" * 5000, b"\xff\xfe", b"#" * (300 << 10)):
        box.path.write_bytes(broken)
        refusal = refused(lambda: box.set({"face": {"intensity": 0.8}}))
        assert refusal.code == "failed"
        assert str(box.path) in refusal.message


def test_an_unknown_section_is_not_found(box: Box) -> None:
    assert refused(lambda: box.handlers.config_get(ConfigGet(section="nose"))).code == "not_found"


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
