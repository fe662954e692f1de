from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from models.lipsync.eval.clip import RATE_HZ, ClipError, read_clip, read_folder, write
from models.lipsync.phones import Phone
from tests.models.lipsync.eval.made import clip


def test_what_is_written_is_read(tmp_path: Path) -> None:
    made = clip()
    write(made, tmp_path)
    (read,), skipped = read_folder(tmp_path)
    assert skipped == []
    assert (read.name, read.voice, read.language, read.text) == (made.name, made.voice, made.language, made.text)
    assert read.phones == made.phones
    assert np.abs(read.sound - made.sound).max() < 1e-4


def test_a_lab_file_and_another_rate(tmp_path: Path) -> None:
    (tmp_path / "ann").mkdir()
    path = tmp_path / "ann" / "x.wav"
    soundfile.write(path, np.zeros((16_000, 2)), 16_000)
    path.with_suffix(".lab").write_text("0 0.5 pau\n\n0.5 0.75 b\n0.75 1.0 aa1\n")
    read = read_clip(path)
    assert read.phones == [Phone("SIL", 0.0, 0.5), Phone("B", 0.5, 0.75), Phone("AA", 0.75, 1.0)]
    assert read.labels == "given"
    assert len(read.sound) == RATE_HZ
    (through_folder,), _ = read_folder(tmp_path)
    assert through_folder.voice == "ann"


@pytest.mark.parametrize("label", ["0 0.5", "zero 0.5 b", "0 0.5 qq"])
def test_a_bad_label_names_the_file(tmp_path: Path, label: str) -> None:
    path = tmp_path / "x.wav"
    soundfile.write(path, np.zeros(16_000), 16_000)
    path.with_suffix(".lab").write_text(label)
    with pytest.raises(ClipError, match=r"x\.wav: bad label"):
        read_clip(path)


def test_broken_files_are_left_out_with_the_reason(tmp_path: Path) -> None:
    write(clip("good"), tmp_path)
    (tmp_path / "bad.wav").write_bytes(b"RIFF....WAVE")
    soundfile.write(tmp_path / "empty.wav", np.zeros(0), 48_000)
    clips, skipped = read_folder(tmp_path)
    assert [c.name for c in clips] == ["good"]
    assert len(skipped) == 2 and "bad.wav" in skipped[0] and "holds no sound" in skipped[1]


def test_a_folder_without_clips_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ClipError, match="no clip to judge on"):
        read_folder(tmp_path)
