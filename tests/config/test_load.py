from __future__ import annotations

import contextlib
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visaged.config import Settings
from visaged.config.load import ConfigError, ConfigIssue, load

BROKEN = """\
# hi
[livelink]
fps = 0
targets = ["box:99999", "ok:1"]
subjekt = "x"
[audio.input]
block_ms = "ten"
[audio.output]
delay_ms = "never"
[face.scale]
Jaw = 1.0
[attic]
x = 1
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "visaged.toml"
    path.write_text(text)
    return path


def issues_of(path: Path | None, *overrides: str) -> dict[str, ConfigIssue]:
    with pytest.raises(ConfigError) as caught:
        load(path, overrides)
    return {issue.key: issue for issue in caught.value.issues}


def test_no_file_gives_the_defaults() -> None:
    assert load(None) == Settings.model_validate({})


def test_each_error_names_line_key_value_and_what_is_accepted(tmp_path: Path) -> None:
    path = write(tmp_path, BROKEN)
    issues = issues_of(path)
    assert {key: issue.place.removeprefix(f"{path} ") for key, issue in issues.items()} == {
        "livelink.fps": "line 3",
        "livelink.targets.0": "line 4",
        "livelink.subjekt": "line 5",
        "audio.input.block_ms": "line 7",
        "audio.output.delay_ms": "line 9",
        "face.scale": "line 10",
        "attic": "line 12",
    }
    assert "24 to 120" in issues["livelink.fps"].accepted
    assert "HOST:PORT" in issues["livelink.targets.0"].accepted
    assert "'Jaw' is neither a curve" in issues["face.scale"].accepted
    assert "accepted here: targets, subject, fps" in issues["livelink.subjekt"].accepted
    assert issues["livelink.targets.0"].value == "'box:99999'"
    assert "'auto', or" in issues["audio.output.delay_ms"].accepted


@pytest.mark.parametrize(
    ("text", "said"),
    [("[livelink\n", "line 1"), ("fps = 1\nfps = 2\n", "line 2"), ('[livelink]\nsubject = "a\nb"\n', "line 2")],
)
def test_text_that_is_not_toml_names_the_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=f"is not TOML.*{said}"):
        load(write(tmp_path, text))


def test_a_file_that_is_missing_binary_or_huge_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        load(tmp_path / "none.toml")
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load(binary)
    with pytest.raises(ConfigError, match="over 256 KiB"):
        load(write(tmp_path, "#" * (1 << 20) + "\n"))


@pytest.mark.parametrize(
    "subject", ["", "x" * 65, "x" * 300, "new\nline", "schön", "\x7f", "tab\t"], ids=lambda text: repr(text)[:12]
)
def test_a_subject_that_unreal_would_not_take_is_refused(subject: str) -> None:
    with pytest.raises(ValueError, match="pattern"):
        Settings.model_validate({"livelink": {"subject": subject}})


def test_environment_is_over_the_file_and_set_is_over_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, '[livelink]\nfps = 30\nsubject = "file"\n[device]\nid = "file"\n')
    monkeypatch.setenv("VISAGED__LIVELINK__FPS", "48")
    monkeypatch.setenv("VISAGED__LIVELINK__TARGETS", '["a:1", "[::1]:2"]')
    monkeypatch.setenv("VISAGED__DEVICE__ID", "environment")
    settings = load(path, ["device.id=line"])
    assert (settings.livelink.fps, settings.livelink.subject, settings.device.id) == (48, "file", "line")
    assert settings.livelink.targets == ["a:1", "[::1]:2"]


def test_errors_from_environment_and_command_line_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISAGED__LIVELINK__FPS", "3")
    issues = issues_of(None, "face.intensity=9")
    assert issues["livelink.fps"].place == "environment VISAGED__LIVELINK__FPS"
    assert issues["face.intensity"].place == "--set"
    monkeypatch.setenv("VISAGED__LIVELINK__FPS", "60")
    monkeypatch.setenv("VISAGED__ATTIC__X", "1")
    assert "no such section" in next(iter(issues_of(None).values())).accepted


@pytest.mark.parametrize("item", ["livelink.fps", "fps=30", ".fps=3", "livelink.=3", "=3"])
def test_set_items_of_another_form_are_refused(item: str) -> None:
    with pytest.raises(ConfigError, match=r"expected section\.key=value"):
        load(None, [item])


@pytest.mark.parametrize(
    ("given", "fps"),
    [
        ("60", 60),
        ("30000/1001", Fraction(30000, 1001)),
        ("'29.97'", Fraction(30000, 1001)),
        ("59.94", Fraction(60000, 1001)),
    ],
)
def test_rates_may_be_exact_fractions(given: str, fps: Fraction | int) -> None:
    assert load(None, [f"livelink.fps={given}"]).livelink.fps == fps


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists, max_leaves=4))
def test_any_value_is_taken_or_refused_with_a_config_error(value: object) -> None:
    for section, key in (("livelink", "fps"), ("livelink", "targets"), ("face", "scale"), ("audio", "output")):
        with contextlib.suppress(ValueError):
            Settings.model_validate({section: {key: value}})


@pytest.mark.parametrize("device_id", ["all", "group", "", "a/b", "a+b", "x" * 65])
def test_a_device_id_that_would_break_topics_is_refused(device_id: str) -> None:
    with pytest.raises(ValueError, match=r"pattern|topics"):
        Settings.model_validate({"device": {"id": device_id}})


@pytest.mark.parametrize("link", ["none", "mqtt", "udp://brain.local:5004", "udp://[fe80::1%eth0]:5004"])
def test_a_codec_link_is_one_of_three(link: str) -> None:
    assert load(None, [f"codec.link={link}"]).codec.link == link


@pytest.mark.parametrize("link", ["udp", "udp://", "udp://brain", "udp://brain:0", "tcp://brain:5004", "MQTT"])
def test_another_codec_link_is_refused_with_what_is_accepted(link: str) -> None:
    with pytest.raises(ConfigError, match="udp://HOST:PORT"):
        load(None, [f"codec.link={link}"])
