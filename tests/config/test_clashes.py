from __future__ import annotations

from pathlib import Path

import pytest

from visaged import instance
from visaged.config import Settings
from visaged.config.clashes import clashes


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(instance.VARIABLE, "left")
    monkeypatch.setattr(instance, "_SETTINGS", tmp_path / "visaged.toml")
    (tmp_path / "instances").mkdir()
    return tmp_path / "instances"


def test_what_is_derived_from_the_names_does_not_clash(folder: Path) -> None:
    (folder / "left.toml").touch()
    (folder / "right.toml").touch()
    (folder.parent / "visaged.toml").touch()
    assert clashes(Settings(), folder) == []


def test_each_thing_that_two_faces_share_is_named(folder: Path) -> None:
    own = Settings.model_validate(
        {
            "device": {"id": "kiosk"},
            "web": {"port": 9000},
            "livelink": {"targets": ["pc:11111"], "subject": "face"},
            "ifacialmocap": {"listen": True},
            "codec": {"enabled": True, "port": 5004},
            "audio": {"input": {"backend": "alsa", "device": "hw:1,0"}},
        }
    )
    (folder / "right.toml").write_text(
        '[device]\nid = "kiosk"\n[web]\nport = 9000\n[livelink]\ntargets = ["pc:11111?subject=face"]\n'
        "[ifacialmocap]\nlisten = true\n[codec]\nenabled = true\nport = 5004\n"
        '[audio.input]\nbackend = "alsa"\ndevice = "hw:1,0"\n'
    )
    found = clashes(own, folder)
    assert [sentence.partition(" is that of the instance 'right'")[0] for sentence in found] == [
        "device.id = 'kiosk'",
        "web.port = 9000",
        "codec.port = 5004",
        "ifacialmocap.listen = true (UDP port 49983)",
        "the subject 'face' at the Live Link target pc:11111",
        "audio.input.device = 'hw:1,0', which one program can open at a time,",
    ]


def test_the_first_face_of_the_box_counts_too(folder: Path) -> None:
    (folder.parent / "visaged.toml").write_text("[web]\nport = 9000\n")
    (sentence,) = clashes(Settings.model_validate({"web": {"port": 9000}}), folder)
    assert "the box's first face" in sentence


def test_a_file_that_is_wrong_is_its_own_faces_trouble(folder: Path) -> None:
    (folder / "right.toml").write_text("[web]\nport = 'no'\n")
    (folder / "worse.toml").write_bytes(b"\xff\xfe")
    (folder / "folder.toml").mkdir()
    assert clashes(Settings(), folder) == []
