from __future__ import annotations

from pathlib import Path

import pytest

from visaged.config.safe_mode import load_or_safe


def test_sound_keys_are_kept_and_the_input_is_silent(tmp_path: Path) -> None:
    path = tmp_path / "visaged.toml"
    path.write_text(
        '[livelink]\nfps = 0\ntargets = ["bad", "192.168.1.20:11111", "also bad"]\nsubject = "lobby"\n'
        '[audio.input]\nbackend = "file"\n'
    )
    loaded = load_or_safe(path)
    assert loaded.safe_mode
    assert len(loaded.issues) == 3
    assert loaded.settings.livelink.targets == ["192.168.1.20:11111"]
    assert loaded.settings.livelink.subject == "lobby"
    assert loaded.settings.livelink.fps == 60
    assert loaded.settings.audio.input.backend == "none"


def test_a_file_that_cannot_be_parsed_gives_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "visaged.toml"
    path.write_text("[livelink\n")
    loaded = load_or_safe(path)
    assert loaded.safe_mode
    assert loaded.settings.livelink.subject == "visaged"


def test_sections_of_a_wrong_shape_are_dropped_whole(tmp_path: Path) -> None:
    path = tmp_path / "visaged.toml"
    path.write_text('livelink = 3\naudio = [1]\n[device]\nid = "kept"\n')
    loaded = load_or_safe(path)
    assert {issue.key for issue in loaded.issues} == {"livelink", "audio"}
    assert loaded.settings.device.id == "kept"


def test_a_sound_file_is_no_safe_mode(tmp_path: Path) -> None:
    path = tmp_path / "visaged.toml"
    path.write_text('[audio.input]\nbackend = "file"\npath = "x.wav"\n')
    loaded = load_or_safe(path)
    assert not loaded.safe_mode
    assert loaded.settings.audio.input.backend == "file"


@pytest.mark.parametrize("content", [b"[livelink\n", b"\xff\xfe\x00 garbage"])
def test_the_command_line_and_the_environment_count_however_broken_the_file_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    path = tmp_path / "visaged.toml"
    path.write_bytes(content)
    monkeypatch.setenv("VISAGED__LIVELINK__SUBJECT", "lobby")
    loaded = load_or_safe(path, ['livelink.targets=["192.168.1.20:11111"]', "livelink.fps=0"])
    assert loaded.safe_mode
    assert loaded.settings.livelink.targets == ["192.168.1.20:11111"]
    assert loaded.settings.livelink.subject == "lobby"
    assert loaded.settings.livelink.fps == 60
    assert loaded.settings.audio.input.backend == "none"
