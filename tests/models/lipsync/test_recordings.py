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


def texts(folder: Path) -> dict[str, str]:
    """Sound file -> text."""
    with (folder / "metadata.csv").open() as file:
        return {name: text for name, _, text in csv.reader(file, delimiter="|")}


def test_readers_for_validation_are_nobody_s_training(tmp_path: Path) -> None:
    parts = tmp_path / "clones" / "Voice-Age" / "LibriSpeech" / "train-clean-5"
    for reader in ("19", "32"):
        chapter = parts / reader / "7"
        put(chapter / f"{reader}-7.trans.txt", f"{reader}-7-0000 WHAT THEY READ\n{reader}-7-0001 NO SOUND\n")
        put(chapter / f"{reader}-7-0000.flac")
    assert lay_out(tmp_path / "clones", tmp_path / "out") == {"librispeech": 1, "librispeech-dev": 1}
    assert texts(tmp_path / "out" / "librispeech") == {"7-19-7-0000.flac": "what they read"}
    assert texts(tmp_path / "out" / "librispeech-dev") == {"7-32-7-0000.flac": "what they read"}


def test_common_voice_is_split_by_person_and_nobody_speaks_too_much(tmp_path: Path) -> None:
    root = tmp_path / "clones" / "whisper" / "dataset"
    lines = ["client_id\tpath\tsentence\tup_votes\tdown_votes"]
    for person, clips in (("anna", 60), ("bert", 3), ("carl", 3), ("dora", 3), ("emil", 3), ("fred", 3), ("hans", 3)):
        for number in range(clips):
            lines.append(f'{person}\t{person}{number}.mp3\tIt is "so".\t2\t{number % 3 // 2}')
            put(root / "clips" / f"{person}{number}.mp3")
    put(root / "validated.tsv", "\n".join(lines))
    lay_out(tmp_path / "clones", tmp_path / "out")
    train, validate = (texts(tmp_path / "out" / f"commonvoice{part}") for part in ("", "-dev"))
    people = [{name.removeprefix("clips-")[:4] for name in part} for part in (train, validate)]
    assert people[1] == {"hans"}
    assert people[0] == {"anna", "bert", "carl", "dora", "emil", "fred"}
    together = [*train, *validate]
    assert sum("anna" in name for name in together) == 40
    assert sum("bert" in name for name in together) == 2
    assert {*train.values(), *validate.values()} == {'It is "so".'}


def test_clips_in_which_something_else_was_heard_are_left_out(tmp_path: Path) -> None:
    root = tmp_path / "clones" / "myrepo" / "asr"
    lines = [
        "filename,text,up_votes,down_votes,age,gender,accent,generated_text,duration",
        "cv-valid-dev/a.mp3,then why should they be surprised,2,0,,,,THEN WHY SHOULD THEY BE SURPRISE,3.6",
        "cv-valid-dev/b.mp3,then why should they be surprised,2,0,,,,HELLO HELLO IS IT ON,3.6",
    ]
    put(root / "cv-valid-dev.csv", "\n".join(lines))
    for name in ("a.mp3", "b.mp3"):
        put(root / "cv-valid-dev" / name)
    assert lay_out(tmp_path / "clones", tmp_path / "out") == {"commonvoice1": 1}
    assert texts(tmp_path / "out" / "commonvoice1") == {"cv-valid-dev-a.mp3": "then why should they be surprised"}


def test_other_languages_keep_their_name(tmp_path: Path) -> None:
    root = tmp_path / "clones" / "rsample-100-cv-corpus-6.1-2020-12-11"
    for language in ("de", "es", "fr", "it", "nl", "pl", "pt", "ru"):
        put(root / language / "validated.tsv", f"path\tsentence\n{language}1.mp3\tAha.\n")
        put(root / language / "clips" / f"{language}1.mp3")
    assert lay_out(tmp_path / "clones", tmp_path / "out") == {"omnilingo": 8}
    with (tmp_path / "out" / "omnilingo" / "metadata.csv").open() as file:
        assert ["clips-pl1.mp3", "pl", "Aha."] in list(csv.reader(file, delimiter="|"))
