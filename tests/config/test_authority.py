from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic.fields import FieldInfo

from visaged.config import Settings
from visaged.config.authority import authorities, in_effect
from visaged.config.default import to_toml
from visaged.config.load import load
from visaged.config.texts import MAX_PATH

MARKS = authorities(Settings)


@pytest.mark.parametrize(
    "key",
    [
        "audio.input.backend",
        "audio.input.device",
        "audio.input.path",
        "audio.output.backend",
        "audio.output.device",
        "capsules.library",
        "codec.enabled",
        "codec.link",
        "codec.port",
        "device.id",
        "inference.engine_cache",
        "mqtt.ca_file",
        "mqtt.cert_file",
        "mqtt.enabled",
        "mqtt.key_file",
        "mqtt.password_file",
    ],
)
def test_what_no_command_may_change(key: str) -> None:
    assert not MARKS[key].remote


def _is_path(field: FieldInfo) -> bool:
    return str(field.annotation).endswith("Path'>") or any(
        getattr(mark, "max_length", None) == MAX_PATH for mark in field.metadata
    )


def test_no_path_may_be_named_by_a_command() -> None:
    paths = [
        f"{name}.{key}"
        for name, section in Settings.model_fields.items()
        for key, field in getattr(section.annotation, "model_fields", {}).items()
        if _is_path(field)
    ]
    assert len(paths) >= 6
    assert [key for key in paths if MARKS[key].remote] == []


def test_what_waits_for_a_restart_stays_as_it_runs() -> None:
    running = load(None)
    wanted = load(None, ["capsules.cache_mib=128", "face.intensity=0.5", "capsules.library=/elsewhere"])
    effect = in_effect(running, wanted)
    assert (effect.face.intensity, effect.capsules) == (0.5, running.capsules)
    assert in_effect(running, running) == running


def test_the_mark_reads_well() -> None:
    assert str(MARKS["face.intensity"]) == ""
    assert str(MARKS["codec.link"]) == "file"
    assert str(MARKS["capsules.cache_mib"]) == "restart"
    assert str(MARKS["capsules.library"]) == "file, restart"


@pytest.mark.parametrize("mark", ["file", "file, restart", "restart"])
def test_the_document_lists_what_the_schema_says(mark: str) -> None:
    lines = (Path(__file__).parents[2] / "docs" / "mqtt.md").read_text(encoding="utf-8").splitlines()
    (row,) = [line for line in lines if line.startswith(f"| {mark} |")]
    assert re.findall(r"`([a-z0-9_.]+)`", row) == [key for key, found in MARKS.items() if str(found) == mark]


def test_what_is_shown_says_who_may_set_it() -> None:
    shown = to_toml(load(None)).splitlines()
    assert "enabled = false  # file" in shown
    assert "cache_mib = 64  # restart" in shown
    assert "intensity = 1.0" in shown
