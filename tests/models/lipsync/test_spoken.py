"""Sentences for a synthesiser, and the folder that they become."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from models.lipsync.spoken import Line, lines, read_by_kathleen, speak
from models.lipsync.text import other

SHARES = {"en": 0.5, "en-gb": 0.3, "de": 0.2}


def _beep(line: Line, chance: np.random.Generator) -> tuple[NDArray[np.float32], int]:
    if line.sentence == "broken":
        raise RuntimeError("no voice")
    return np.full(100 + line.number, chance.uniform(0.1, 3.0), np.float32), 16_000


def test_languages_come_by_their_shares_and_english_is_read_by_its_share() -> None:
    said = lines(600, 4, SHARES, ["What is read."], 0.5)
    assert said == lines(600, 4, SHARES, ["What is read."], 0.5)
    count = {name: sum(line.language == name for line in said) for name in SHARES}
    assert 260 < count["en"] < 340 and 140 < count["en-gb"] < 220 and 80 < count["de"] < 160
    read = [line for line in said if line.sentence == "What is read."]
    assert 180 < len(read) < 300 and {line.language for line in read} == {"en", "en-gb"}
    assert [line.number for line in said] == list(range(600))


def test_german_lines_are_german_and_new_with_every_seed() -> None:
    said = [line.sentence for line in lines(200, 4, {"de": 1.0}, ["What is read."], 1.0)]
    assert said == other("de", 200, 4998)
    assert said != [line.sentence for line in lines(200, 5, {"de": 1.0}, [], 1.0)]


def test_without_texts_to_read_all_english_is_written_here() -> None:
    assert len({line.sentence for line in lines(50, 1, {"en": 1.0}, [], 1.0)}) > 40


def test_kathleens_texts_are_read_once_each(tmp_path: Path) -> None:
    assert read_by_kathleen(tmp_path) == []
    (tmp_path / "kathleen").mkdir()
    (tmp_path / "kathleen" / "metadata.csv").write_text("b.wav|en|Be.\na.wav|en|A.\nc.wav|en|Be.\n")
    assert read_by_kathleen(tmp_path) == ["A.", "Be."]


def test_a_folder_has_its_list_and_sounds_and_is_gone_on_with(tmp_path: Path) -> None:
    said = [Line(number, "en", f"Sentence {number}.") for number in range(4)]
    speak(tmp_path / "beeps", said, _beep, 7, 1)
    with (tmp_path / "beeps" / "metadata.csv").open() as file:
        assert list(csv.reader(file, delimiter="|"))[3] == ["00003.flac", "en", "Sentence 3."]
    before = {path.name: path.read_bytes() for path in (tmp_path / "beeps").glob("*.flac")}
    sound, rate_hz = soundfile.read(tmp_path / "beeps" / "00002.flac")
    assert (len(sound), rate_hz, len(before)) == (102, 16_000, 4)
    assert np.abs(sound).max() <= 1.0
    (tmp_path / "beeps" / "00001.flac").unlink()
    speak(tmp_path / "beeps", said, _beep, 7, 2)
    assert {path.name: path.read_bytes() for path in (tmp_path / "beeps").glob("*.flac")} == before


def test_a_synthesiser_that_fails_is_heard_of_and_leaves_no_half_file(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="no voice"):
        speak(tmp_path / "beeps", [Line(0, "en", "broken")], _beep, 7, 1)
    assert list((tmp_path / "beeps").glob("*.flac")) == []
