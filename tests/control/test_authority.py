from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.control.config_box import TEXT, Box, at_fifty_times_the_speed, refused
from tests.patience import PATIENCE_S
from visaged.control.protocol.commands.config import ConfigGet


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    made = Box(tmp_path / "visaged.toml")
    yield made
    made.handlers.stop()


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"codec": {"enabled": True}}, "codec.enabled"),
        ({"codec": {"link": "udp://198.51.100.7:5004"}}, "codec.link"),
        ({"audio": {"input": {"path": "/etc/shadow"}}}, "audio.input.path"),
        ({"audio": {"output": {"device": "file:'|id',raw"}}}, "audio.output.device"),
        ({"mqtt": {"username": "x", "password_file": "/etc/shadow"}}, "mqtt.password_file"),
        ({"mqtt": {"ca_file": "/tmp/mine.pem"}}, "mqtt.ca_file"),
        ({"mqtt": {"enabled": False}}, "mqtt.enabled"),
        ({"mqtt": None}, "mqtt.enabled"),
        ({"capsules": {"library": "/tmp"}}, "capsules.library"),
        ({"inference": {"engine_cache": "/tmp"}}, "inference.engine_cache"),
    ],
)
@pytest.mark.parametrize("check_only", [False, True])
def test_a_command_is_refused_what_only_the_file_may_say(
    box: Box, settings: dict[str, Any], key: str, check_only: bool
) -> None:
    refusal = refused(lambda: box.set({"face": {"intensity": 0.5}, **settings}, check_only=check_only))
    assert (refusal.code, refusal.field) == ("refused", f"settings.{key}")
    assert box.path.read_text() == TEXT
    assert box.applied == []


def test_the_same_value_is_no_change(box: Box) -> None:
    assert box.set({"codec": {"enabled": False}, "face": {"intensity": 0.5}}).changed == ("face.intensity",)


@pytest.mark.parametrize("change", [{"host": "two"}, {"port": 1884}, {"tls": True}])
@pytest.mark.parametrize("by", ["file", "credential"])
def test_a_password_does_not_follow_to_another_broker(
    box: Box, change: dict[str, Any], by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = box.path.with_name("mqtt_password")
    secret.write_text("secret")
    if by == "credential":
        monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(secret.parent))
    else:
        box.path.write_text(f"{TEXT}password_file = '{secret}'\n")
        box.handlers.reload()
    before, text = len(box.applied), box.path.read_text()
    refusal = refused(lambda: box.set({"mqtt": change}))
    assert (refusal.code, refusal.field) == ("refused", f"settings.mqtt.{next(iter(change))}")
    assert (len(box.applied), box.path.read_text()) == (before, text)


def test_with_an_authority_of_ones_own_it_does(box: Box) -> None:
    box.path.write_text(f"{TEXT}password_file = '/run/secret'\nca_file = '/etc/visaged/ca.pem'\n")
    box.handlers.reload()
    assert box.set({"mqtt": {"host": "two"}}).changed == ("mqtt.host",)


def test_what_the_owner_wrote_and_nobody_has_read_yet_is_not_held_against_a_command(box: Box) -> None:
    box.path.write_text(f"{TEXT}[codec]\nenabled = true\n")
    assert set(box.set({"face": {"intensity": 0.5}}).changed) == {"codec.enabled", "face.intensity"}


def test_the_owner_may_do_all_of_it(box: Box) -> None:
    box.path.write_text(f"{TEXT}[codec]\nenabled = true\nlink = 'udp://127.0.0.1:5004'\n")
    assert box.handlers.reload() == ("codec.enabled", "codec.link")
    assert box.settings.codec.enabled


def test_what_needs_a_restart_is_stored_and_says_so(box: Box) -> None:
    answer = box.set({"capsules": {"cache_mib": 128}})
    assert (answer.changed, answer.applied) == (("capsules.cache_mib",), False)
    assert answer.restart_needed == ("capsules.cache_mib",)
    assert (answer.probation_s, box.applied, box.store.on_trial) == (0, [], False)
    assert "cache_mib = 128" in box.path.read_text()
    got = box.handlers.config_get(ConfigGet(section="capsules"))
    assert (got.settings["capsules"]["cache_mib"], got.restart_needed) == (64, ("capsules.cache_mib",))
    assert box.told[-1].data == {"changed": ["capsules.cache_mib"], "restart_needed": ["capsules.cache_mib"]}
    assert box.set({"capsules": {"cache_mib": 64}}).restart_needed == ()
    assert box.handlers.waiting() == ()


def test_what_can_be_applied_is_applied_beside_it(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    at_fifty_times_the_speed(monkeypatch)
    box.alive = False
    answer = box.set({"capsules": {"cache_mib": 128}, "face": {"intensity": 0.5}})
    assert (answer.applied, answer.restart_needed) == (True, ("capsules.cache_mib",))
    assert (box.applied[-1].face.intensity, box.applied[-1].capsules.cache_mib) == (0.5, 64)
    assert box.verdict.wait(PATIENCE_S)
    assert box.path.read_text() == TEXT
    assert box.handlers.waiting() == ()


def test_a_file_that_wants_a_restart_is_read_all_the_same(box: Box) -> None:
    box.path.write_text(f"{TEXT}[capsules]\nlibrary = '/elsewhere'\n")
    assert box.handlers.reload() == ("capsules.library",)
    assert box.handlers.waiting() == ("capsules.library",)
    assert box.applied == []
