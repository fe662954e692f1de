"""``visaged codec encode | decode`` as a person runs it, with a narrow model of random weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from visaged.cli import main
from visaged.codec.frames import decode
from visaged.console import exit_codes


@pytest.fixture
def voice(tmp_path: Path) -> Path:
    """Half a second at 48 kHz: 6.25 frames."""
    path = tmp_path / "voice.wav"
    soundfile.write(path, 0.2 * np.sin(np.arange(24_000) / 20), 48_000)
    return path


def test_a_sound_goes_to_frames_and_back(
    voice: Path, mimi_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    models = ["--models", str(mimi_root)]
    frames, sound = tmp_path / "voice.vcf", tmp_path / "said.wav"
    assert main(["codec", "encode", str(voice), str(frames), *models]) == exit_codes.DONE
    assert "0.56 s in 89 bytes, 7 frames of 8 codebooks, fp32" in capsys.readouterr().out
    assert decode(frames.read_bytes()).reset
    assert main(["codec", "decode", str(frames), str(sound), *models]) == exit_codes.DONE
    said, rate = soundfile.read(sound)
    assert (len(said), rate) == (7 * 1920, 24_000)
    assert np.abs(said).max() > 0.01


def test_the_file_says_how_many_codebooks(voice: Path, mimi_root: Path, tmp_path: Path) -> None:
    models = ["--models", str(mimi_root)]
    frames, sound = str(tmp_path / "voice.vcf"), str(tmp_path / "said.flac")
    assert main(["codec", "encode", str(voice), frames, *models, "--set", "codec.codebooks=2"]) == exit_codes.DONE
    assert main(["codec", "decode", frames, sound, *models]) == exit_codes.DONE


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "length: 0 bytes"),
        (b"RIFF", "length: 4 bytes"),
        (bytes([1, 8]) + bytes(10), "has no frames"),
        (bytes([1, 8]) + bytes(15), "length: 17 bytes"),
        (bytes([1, 33]) + bytes(50), "codebooks: 33, accepted: 1 to 32"),
    ],
)
def test_what_is_no_file_of_frames(
    content: bytes, said: str, mimi_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.vcf").write_bytes(content)
    arguments = ["codec", "decode", str(tmp_path / "bad.vcf"), str(tmp_path / "out.wav"), "--models", str(mimi_root)]
    assert main(arguments) == exit_codes.FAILED
    error = capsys.readouterr().err
    assert "bad.vcf'" in error and said in error
    assert not (tmp_path / "out.wav").exists()


def test_refusals_name_what_is_accepted(
    voice: Path, mimi_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, models = str(tmp_path / "out"), ["--models", str(mimi_root)]
    assert main(["codec", "decode", str(voice), out + ".mp3", *models]) == exit_codes.USAGE
    assert "expected a name in .wav or .flac" in capsys.readouterr().err
    assert main(["codec", "encode", str(voice), str(tmp_path / "none" / "x"), *models]) == exit_codes.FAILED
    assert "make it first" in capsys.readouterr().err
    assert main(["codec", "encode", str(tmp_path / "no.wav"), out, *models]) == exit_codes.FAILED
    assert "no.wav" in capsys.readouterr().err
    assert main(["codec", "encode", str(voice), out, *models, "--set", "codec.codebooks=40"]) == exit_codes.USAGE
    assert "codec.codebooks" in capsys.readouterr().err
    assert main(["codec", "encode", str(voice), out, *models, "--set", "codec.model=x"]) == exit_codes.UNAVAILABLE
    assert "visaged models import mimi FILE" in capsys.readouterr().err
    assert not Path(out).exists()


def test_what_was_there_stays_when_it_fails(voice: Path, mimi_root: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept.wav"
    kept.write_bytes(b"before")
    assert main(["codec", "decode", str(voice), str(kept), "--models", str(mimi_root)]) == exit_codes.FAILED
    assert kept.read_bytes() == b"before"
