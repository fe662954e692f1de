from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.face.neurosync.small_model import write_neurosync
from visaged.cli import main
from visaged.cli.render import times
from visaged.curves import INDEX
from visaged.recording import read

JAW, BLINK = INDEX["JawOpen"], INDEX["EyeBlinkLeft"]


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    """2 s of a hummed tone at the rate of a telephone, in stereo."""
    time_s = np.arange(16000) / 8000
    voice = 0.1 * sum(np.sin(2 * np.pi * 130 * k * time_s) / k for k in range(1, 20))
    path = tmp_path / "voice.flac"
    soundfile.write(path, np.stack([voice, voice], 1), 8000)
    return path


@pytest.mark.parametrize("name", ["face.csv", "face.npz"])
def test_a_sound_becomes_a_face(tmp_path: Path, sound: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / name
    assert main(["render", str(sound), str(out), "--solver", "energy"]) == 0
    recording = read(out)
    assert recording.curves.shape == (120, 61)
    assert recording.fps == 60
    assert recording.curves[60:, JAW].max() > 0.1
    said = capsys.readouterr()
    assert f"{out}: 120 frames at 60 fps, 2.0 s in " in said.out
    # Not a terminal: no bar.
    assert said.err == ""


def test_the_options_and_settings_count(tmp_path: Path, sound: Path) -> None:
    common = ["render", str(sound), str(tmp_path / "a.npz"), "--solver", "energy", "--speech-only"]
    config = tmp_path / "visaged.toml"
    config.write_text("[livelink]\nfps = 30\n")
    assert main([*common, "--config", str(config), "--set", "face.intensity=0"]) == 0
    recording = read(tmp_path / "a.npz")
    assert recording.fps == 30
    assert recording.curves[:, [JAW, BLINK]].max() == 0


def test_twice_is_the_same_and_a_seed_makes_another(tmp_path: Path, sound: Path) -> None:
    def rendered(name: str, *options: str) -> np.ndarray:
        path = tmp_path / f"{name}.npz"
        assert main(["render", str(sound), str(path), "--solver", "energy", *options]) == 0
        return read(path).curves

    first = rendered("first")
    assert np.array_equal(first, rendered("again"))
    assert not np.array_equal(first, rendered("other", "--seed", "9"))


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["IN", "face.fbx"], 2, "'face.fbx', expected a name in .csv or .npz"),
        (["IN", "face.csv", "--solver", "magic"], 2, "face.solver = 'magic'"),
        (["IN", "face.csv", "--seed", "-1"], 2, "animation.seed = -1"),
        (["IN", "face.csv", "--set", "livelink.fps=0"], 2, "livelink.fps = 0"),
        (["none.wav", "face.csv"], 1, "there is no file 'none.wav'"),
        (["IN", "nowhere/face.csv"], 1, "there is no folder 'nowhere'"),
        (["text.wav", "face.csv"], 1, "'text.wav' cannot be read"),
        (["page.wav", "face.csv"], 1, "'page.wav' cannot be read: it is a web page (HTML)"),
        (["scale.wav", "face.csv"], 1, "'scale.wav' has float samples up to 50"),
        (["empty.wav", "face.csv"], 1, "'empty.wav' has no sound in it"),
    ],
)
def test_what_cannot_be_done_is_said_and_leaves_nothing(
    tmp_path: Path,
    sound: Path,
    *,
    arguments: list[str],
    code: int,
    said: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("text.wav").write_text("This is no sound.")
    Path("page.wav").write_text("<!DOCTYPE html><html>")
    soundfile.write("scale.wav", np.full(100, 50.0), 48000, subtype="FLOAT")
    soundfile.write("empty.wav", np.zeros(0), 48000)
    before = sorted(tmp_path.iterdir())
    words = [str(sound) if word == "IN" else word for word in arguments]
    assert main(["render", *words]) == code
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error
    assert sorted(tmp_path.iterdir()) == before


def test_a_cut_off_file_is_rendered_as_far_as_it_goes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "cut.wav"
    soundfile.write(path, np.zeros(96000), 48000)
    path.write_bytes(path.read_bytes()[: 44 + 96000])
    assert main(["render", str(path), str(tmp_path / "face.npz"), "--solver", "energy"]) == 0
    assert "cut off" in capsys.readouterr().err
    assert len(read(tmp_path / "face.npz").curves) == 60


@pytest.mark.parametrize("options", [[], ["--compat", "--solver", "neurosync"]])
def test_a_pipe_is_rendered_like_a_file(tmp_path: Path, sound: Path, models: Path, options: list[str]) -> None:
    def rendered(source: Path) -> np.ndarray:
        out = tmp_path / "face.npz"
        given = ["--solver", "energy", *options, "--models", str(models)]
        assert main(["render", str(source), str(out), *given]) == 0
        return read(out).curves

    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(sound.read_bytes()))
    writer.start()
    assert np.array_equal(rendered(pipe), rendered(sound))
    writer.join()


@pytest.mark.parametrize(
    ("channels", "said"),
    [
        ([1.0, -1.0], "its channels cancel each other"),
        ([0.0, 0.0], "nobody speaks in it"),
        ([0.0005, 0.0005], "nobody speaks in it"),
    ],
)
def test_a_sound_without_a_voice_is_rendered_with_a_warning(
    tmp_path: Path, sound: Path, channels: list[float], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    voice, rate_hz = soundfile.read(sound)
    path = tmp_path / "odd.wav"
    soundfile.write(path, voice[:, :1] * channels, rate_hz, subtype="FLOAT")
    assert main(["render", str(path), str(tmp_path / "face.npz"), "--solver", "energy"]) == 0
    assert f"visaged render: '{path}': {said}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("factor", "said"), [(0.04, "0.04"), (0.72, "0.72"), (7.24, "7.2"), (9.99, "10"), (10.4, "10"), (361.7, "362")]
)
def test_speed_is_said_with_two_figures(factor: float, said: str) -> None:
    assert times(factor) == said


def test_an_output_that_cannot_be_written(tmp_path: Path, sound: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "face.csv"
    out.mkdir()
    assert main(["render", str(sound), str(out), "--solver", "energy"]) == 1
    assert "cannot be written" in capsys.readouterr().err


@pytest.fixture
def models(tmp_path: Path) -> Path:
    write_neurosync(tmp_path / "models" / "p")
    return tmp_path / "models"


def test_neurosync_as_live_and_as_the_original(tmp_path: Path, sound: Path, models: Path) -> None:
    common = ["--solver", "neurosync", "--models", str(models), "--speech-only"]
    for name, options in (("live", ["--set", "face.neurosync_hop_ms=100"]), ("compat", ["--compat"])):
        out = tmp_path / f"{name}.npz"
        assert main(["render", str(sound), str(out), *common, *options]) == 0
        recording = read(out)
        assert recording.curves.shape == ((121 if name == "compat" else 120), 61)
        assert recording.curves[30:, JAW].max() > 0.05
        assert not recording.curves[:, BLINK].any()
        if name == "compat":  # eases in from nothing
            assert not recording.curves[0].any()
            assert recording.curves[6].any()


def test_neurosync_without_a_package_and_compat_without_neurosync(
    tmp_path: Path, sound: Path, models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.csv"
    for options in ([], ["--compat"]):
        assert main(["render", str(sound), str(out), "--solver", "neurosync", *options]) == 1
        assert "no usable neurosync package" in capsys.readouterr().err
    assert main(["render", str(sound), str(out), "--compat", "--models", str(models)]) == 2
    assert "add --solver neurosync" in capsys.readouterr().err
    short = tmp_path / "short.wav"
    soundfile.write(short, np.zeros(400), 8000)
    assert main(["render", str(short), str(out), "--solver", "neurosync", "--models", str(models), "--compat"]) == 1
    assert "50 ms of sound; at least 83 ms" in capsys.readouterr().err
    assert not out.exists()
