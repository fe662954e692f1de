"""``visaged capsules`` from the outside: its answers and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.capsules.making import new_key
from visaged.cli.main import main
from visaged.curves import COUNT
from visaged.recording import Recording, write
from visaged.signing import load_public_keys


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")


def _run(library: Path, *words: object) -> int:
    return main(["capsules", *(str(word) for word in words), "--library", str(library)])


def test_list_shows_what_is_installed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(tmp_path, "list", "--prefix", "VF_SMILE", "--tag", "joy") == 0
    out = capsys.readouterr().out
    assert "VF_SMILE_DUCHENNE" in out
    assert "VF_SMILE_POLITE" not in out
    assert _run(tmp_path, "list", "--json", "--prefix", "CID_NEUTRAL") == 0
    assert json.loads(capsys.readouterr().out)["loop"] is True


def test_what_moves_no_curve_is_in_no_layer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(tmp_path, "list", "--prefix", "HF_") == 0
    out = capsys.readouterr().out
    assert "cue" in out
    assert "face" not in out
    assert _run(tmp_path, "show", "HF_WAVE") == 0
    assert json.loads(capsys.readouterr().out)["layer"] == "cue"


def test_show_and_what_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(tmp_path, "show", "VF_NOD") == 0
    assert json.loads(capsys.readouterr().out)["tensors"]["curves"].startswith("float16 [")
    assert _run(tmp_path, "show", "VF_NOTHING") == 1
    assert "not installed" in capsys.readouterr().err


def test_a_line_with_its_voice_as_tokens(tmp_path: Path, mimi_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sound, line = tmp_path / "hello.wav", tmp_path / "VL_HELLO.capsule"
    soundfile.write(sound, np.sin(np.arange(48_000) / 20) * 0.3, 48_000)
    words = ("import", sound, "--cid", "VL_HELLO", "--set", "face.solver=energy", "--output", line, "--codec", "mimi")
    assert _run(tmp_path, *words, "--models", mimi_root) == 0
    assert _run(tmp_path, "show", line) == 0
    tensors = json.loads(capsys.readouterr().out.partition("\n")[2])["tensors"]
    assert tensors.keys() == {"curves", "tokens"}
    assert tensors["tokens"] == "uint16 [13, 8]"
    line.unlink()
    assert _run(tmp_path, *words) == 1
    assert "visaged models import mimi FILE" in capsys.readouterr().err
    assert not line.exists()
    assert _run(tmp_path, "import", "take.csv", "--cid", "VF_TAKE", "--codec", "mimi") == 1
    assert "is for spoken lines" in capsys.readouterr().err


def test_from_a_recording_and_a_sound_to_an_installed_pack(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recording = tmp_path / "take.csv"
    write(recording, Recording(np.full((30, COUNT), 0.2, np.float32), 30))  # type: ignore[arg-type]
    sound = tmp_path / "hello.wav"
    soundfile.write(sound, np.sin(np.arange(16_000) / 20) * 0.3, 16_000)
    here, there, key = tmp_path / "here", tmp_path / "there", new_key(tmp_path)
    assert _run(here, "import", recording, "--cid", "VF_TAKE", "--tag", "mine", "--emotion", "0.5,0,0") == 0
    assert _run(here, "import", sound, "--cid", "VL_HELLO", "--set", "face.solver=energy") == 0
    pack = tmp_path / "brand.zip"
    made = ("--name", "brand", "--version", "1.0")
    assert _run(here, "pack", pack, "VF_TAKE", "VL_HELLO", *made, "--key", key) == 0
    assert _run(there, "verify", pack) == 1  # nobody is trusted in /etc/visaged/keys
    assert "pack.sig" in capsys.readouterr().err
    assert _run(there, "verify", pack, "--keys", tmp_path) == 0
    assert _run(there, "install", pack, "--keys", tmp_path) == 0
    assert _run(there, "list", "--tag", "mine") == 0
    assert "VF_TAKE" in capsys.readouterr().out
    assert _run(there, "revoke", "brand") == 0
    assert _run(there, "install", pack, "--keys", tmp_path) == 1
    assert "revoked" in capsys.readouterr().err
    assert _run(there, "unrevoke", "brand") == 0
    (fingerprint,) = load_public_keys(tmp_path)
    for named in (key.with_suffix(".pub"), fingerprint, fingerprint.upper()):
        assert _run(there, "revoke", "--key", named) == 0
        assert fingerprint in capsys.readouterr().out
        assert _run(there, "install", pack, "--keys", tmp_path) == 1
        assert _run(there, "unrevoke", "--key", named) == 0
        assert _run(there, "install", pack, "--keys", tmp_path) == 0


@pytest.mark.parametrize("words", [(), ("brand", "--key", "0" * 64), ("--key", "none.pub")])
def test_a_pack_or_a_key_is_revoked(tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]) -> None:
    for action in ("revoke", "unrevoke"):
        assert _run(tmp_path, action, *words) == 1
        assert (
            "none.pub" if "none.pub" in words else "name a pack, or give --key, not both"
        ) in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("import", "none.csv", "--cid", "VF_A"), "none.csv"),
        (("import", "none.wav", "--cid", "VL_A", "--set", "face.solver=energy"), "none.wav"),
        (("import", "x.wav", "--cid", "VF_A"), "VL_"),
        (("import", "x.csv", "--cid", "VL_A"), "VF_"),
        (("verify", "none.zip"), "none.zip"),
        (("pack", "o.zip", "none.toml", "--name", "a", "--version", "1"), "none.toml"),
        (("revoke", "nothing"), "not installed"),
    ],
)
def test_what_cannot_be_done_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    assert _run(tmp_path, *words) == 1
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("words", [("import", "x.csv", "--cid", "nope"), ("import", "x", "--emotion", "a"), ("dance",)])
def test_a_wrong_word_is_usage(tmp_path: Path, words: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as caught:
        _run(tmp_path, *words)
    assert caught.value.code == 2


def test_a_bad_setting_is_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["capsules", "list", "--set", "capsules.cache_mib=0"]) == 2
    assert "cache_mib" in capsys.readouterr().err


@pytest.mark.parametrize(("state", "code"), [("cached", 0), ("loading", 0), ("unknown", 1)])
def test_play_asks_the_daemon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], state: str, code: int
) -> None:
    asked: list[tuple[str, dict[str, object]]] = []

    class Client:
        def __enter__(self) -> Client:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def call(self, command: str, **fields: object) -> dict[str, object]:
            asked.append((command, fields))
            return {"played": [{"ticket": 7, "cid": fields["cid"], "state": state}]}

    monkeypatch.setattr("visaged.control.local.client.ControlClient", Client)
    assert _run(tmp_path, "play", "VF_NOD", "--weight", "0.5") == code
    assert asked == [("capsule.play", {"cid": "VF_NOD", "weight": 0.5, "delay_ms": 0})]
    assert "ticket 7" in capsys.readouterr().out


def test_play_without_a_daemon_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    monkeypatch.setattr("visaged.control.local.client.search_paths", lambda: (tmp_path / "control.sock",))
    assert _run(tmp_path, "play", "VF_NOD") == 69
    assert "no visaged is running" in capsys.readouterr().err
