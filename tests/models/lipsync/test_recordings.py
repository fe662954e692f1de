"""Clones of the data sets become one folder per voice."""

import csv
from pathlib import Path

import pytest

pytest.importorskip("pocketsphinx", reason="pocketsphinx is a build-time dependency: pip install 'visaged[build]'")

from models.lipsync.recordings import lay_out


def put(path: Path, content: str = "x") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)


def test_sounds_with_texts_are_laid_out_and_the_rest_is_left(tmp_path: Path) -> None:
    clones, target = tmp_path / "clones", tmp_path / "out"
    put(clones / "dataset-voice-kathleen" / "data" / "a.txt", "Hello there.\n")
    put(clones / "dataset-voice-kathleen" / "data" / "a.wav")
    put(clones / "dataset-voice-kathleen" / "data" / "b.txt", "No sound.")
    precise = clones / "Precise-Community-Data"
    put(precise / "computer" / "en" / "c.wav")
    put(precise / "heysavant" / "en" / "not-free.wav")
    put(precise / "not-wake-words" / "en" / "w.wav")
    put(precise / "not-wake-words" / "en" / "metadata.csv", "name,text\nw.wav,wine glass,en,\n")
    assert lay_out(clones, target) == {"kathleen": 1, "precise": 2}
    with (target / "precise" / "metadata.csv").open() as file:
        assert list(csv.reader(file, delimiter="|")) == [
            ["en-c.wav", "en", "computer"],
            ["en-w.wav", "en", "wine glass"],
        ]
    assert (target / "kathleen" / "data-a.wav").is_file()
