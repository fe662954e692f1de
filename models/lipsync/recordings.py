"""Lays out recorded people for the corpus: local clones of public data sets -> ``DIR/<voice>/metadata.csv`` and sounds.

Nothing is downloaded here. ``CLONES`` holds work trees of the repositories named in ``README.md`` under their own
names; what each holds and its licence is said there.
"""

from __future__ import annotations

import argparse
import csv
import json
import logging
import shutil
import zlib
from collections import Counter
from collections.abc import Iterator
from difflib import SequenceMatcher
from functools import partial
from pathlib import Path
from typing import Final

import soundfile

from models.lipsync import cache as cache_folder
from models.lipsync.orders import Listener

logger = logging.getLogger(__name__)

Row = tuple[Path, str, str]
"""Sound file, language, text."""

# Folders of one spoken phrase each; the others of that repository are not all in the public domain.
_PHRASES: Final = {
    "amelia/en": "amelia",
    "computer/en": "computer",
    "heychatterbox/en-us": "hey chatterbox",
    "heycomputer/en": "hey computer",
    "athena/en": "athena",
}

# Two women and two men who read for validation.
_VALIDATION_READERS: Final = ("32", "669", "3664", "6848")
# Some people gave hundreds of clips, most a few; one in so many is for validation.
_CLIPS_A_PERSON: Final = 40
_VALIDATION_PART: Final = 7
# Repositories that hold parts of it, with who speaks.
_COMMON_VOICE: Final = ("whisper", "17", "18", "19")
# From this share of letters in common the recogniser heard what was to be read.
_ALIKE: Final = 0.85
# Those that the corpus has besides English.
_LANGUAGES: Final = ("de", "es", "fr", "it", "nl", "pl", "pt", "ru")

# Phrases that a dictionary knows by other spellings.
_SPOKEN: Final = {"snowboy": "snow boy"}


def lay_out(clones: Path, target: Path) -> dict[str, int]:
    """Copy what is there under ``clones`` to ``target``; returns clips per voice. Missing repositories are left out."""
    counts = {}
    for voice, repository, rows in (
        ("kathleen", "dataset-voice-kathleen", _kathleen),
        ("kerstin", "dataset-voice-kerstin", _kerstin),
        ("lj", "dc_tts", _lj),
        ("precise", "Precise-Community-Data", _precise),
        ("commands", "PICO-tinyML-benchmark", _commands),
        ("nathalie", "dataset-voice-nathalie", _nathalie),
        ("orders", "speech-to-intent-benchmark", _orders),
        ("wake", "wake-word-benchmark", _wake),
        ("librispeech", "Voice-Age", _librispeech),
        ("librispeech-dev", "Voice-Age", partial(_librispeech, validate=True)),
        ("commonvoice", "whisper", _common_voice),
        ("commonvoice-dev", "whisper", partial(_common_voice, validate=True)),
        ("commonvoice1", "myrepo", _first_common_voice),
        ("omnilingo", "rsample-100-cv-corpus-6.1-2020-12-11", _omnilingo),
    ):
        if not (clones / repository).is_dir():
            logger.warning("%s: no %s under %s, left out", voice, repository, clones)
            continue
        counts[voice] = _copy(rows(clones / repository), target / voice)
    return counts


def _copy(rows: Iterator[Row], folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    kept = [(path, language, text) for path, language, text in rows if path.is_file()]
    with (folder / "metadata.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, delimiter="|")
        for path, language, text in kept:
            # One person may say several words under one name, each in the word's own folder.
            name = f"{path.parent.name}-{path.name}"
            shutil.copyfile(path, folder / name)
            table.writerow((name, language, text))
    return len(kept)


def _kathleen(root: Path) -> Iterator[Row]:
    for text in sorted((root / "data").glob("*.txt")):
        yield text.with_suffix(".wav"), "en", text.read_text(encoding="utf-8").strip()


def _kerstin(root: Path) -> Iterator[Row]:
    for line in (root / "metadata.csv").read_text(encoding="utf-8").splitlines():
        name, text = line.split("|", 1)
        yield root / "verified" / f"{name}.flac", "de", text


def _lj(root: Path) -> Iterator[Row]:
    """LJ Speech: the texts come from the file lists of the repository ``vits`` beside it."""
    for part in ("train", "val", "test"):
        listed = root.parent / "vits" / "filelists" / f"ljs_audio_text_{part}_filelist.txt"
        for line in listed.read_text(encoding="utf-8").splitlines():
            name, text = line.split("|")
            yield root / "LJSpeech-1.1" / "wavs" / Path(name).name, "en", text


def _precise(root: Path) -> Iterator[Row]:
    for folder, phrase in _PHRASES.items():
        for path in sorted((root / folder).glob("*.wav")):
            yield path, "en", phrase
    words = root / "not-wake-words" / "en"
    for line in (words / "metadata.csv").read_text(encoding="utf-8").splitlines():
        name, _, rest = line.partition(",")
        if name.endswith(".wav"):
            yield words / name, "en", rest.split(",")[0]


def _commands(root: Path) -> Iterator[Row]:
    """Words of many people, a folder per word, and one for rare words whose files are named by them."""
    for folder in sorted((root / "MLTK_keyworkSpotting" / "dataset").iterdir()):
        for path in sorted(folder.glob("*.wav")):
            word = path.name.split("_")[0] if folder.name == "_unknown_" else folder.name
            if word != "_silence_":
                yield path, "en", word


def _nathalie(root: Path) -> Iterator[Row]:
    for line in (root / "metadata.csv").read_text(encoding="utf-8").splitlines():
        name, text = line.split("|", 1)
        yield root / "verified" / f"{name}.flac", "nl", text


def _orders(root: Path) -> Iterator[Row]:
    listener = Listener()
    labels = json.loads((root / "data" / "label" / "label.json").read_text(encoding="utf-8"))
    for name in sorted(labels):
        path = root / "data" / "speech" / "clean" / name
        if path.is_file():
            sound, _ = soundfile.read(path, dtype="int16")
            text = listener.text(sound, labels[name]["slots"])
            if text:
                yield path, "en", text


def _wake(root: Path) -> Iterator[Row]:
    """One folder per phrase, named by it."""
    for folder in sorted(p for p in (root / "audio").iterdir() if p.is_dir()):
        for path in sorted(folder.iterdir()):
            yield path, "en", _SPOKEN.get(folder.name, folder.name)


def _librispeech(root: Path, validate: bool = False) -> Iterator[Row]:
    """``train-clean-5``: a folder per reader and chapter, each with one file of texts."""
    for listed in sorted((root / "LibriSpeech" / "train-clean-5").glob("*/*/*.trans.txt")):
        if (listed.parent.parent.name in _VALIDATION_READERS) == validate:
            for line in listed.read_text(encoding="utf-8").splitlines():
                name, text = line.split(" ", 1)
                yield listed.parent / f"{name}.flac", "en", text.lower()


def _common_voice(root: Path, validate: bool = False) -> Iterator[Row]:
    """Clips that people listened to and none objected to, at most so many of one person; from several clones."""
    by_person: Counter[str] = Counter()
    listed = [path for name in _COMMON_VOICE for path in sorted((root.parent / name).glob("**/validated.tsv"))]
    for table in listed:
        with table.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                person = row["client_id"]
                places = [table.parent / folder / row["path"] for folder in ("clips", "validated_clips")]
                path = next((place for place in places if place.is_file()), None)
                drawn = zlib.crc32(person.encode()) % _VALIDATION_PART == 0
                if path and drawn == validate and row["down_votes"] == "0":
                    by_person[person] += 1
                    if by_person[person] <= _CLIPS_A_PERSON:
                        yield path, "en", row["sentence"]


def _first_common_voice(root: Path) -> Iterator[Row]:
    """Common Voice's first release, its ``valid-dev``: nobody is named, and some read something else.

    A recogniser's idea of each clip comes with it; where that is far from the text, the clip is left out.
    """
    with (root / "asr" / "cv-valid-dev.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            alike = SequenceMatcher(None, row["text"].lower(), row["generated_text"].lower(), autojunk=False).ratio()
            if alike >= _ALIKE:
                yield root / "asr" / row["filename"], "en", row["text"]


def _omnilingo(root: Path) -> Iterator[Row]:
    """A hundred Common Voice clips of each language."""
    for language in _LANGUAGES:
        with (root / language / "validated.tsv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                yield root / language / "clips" / row["path"], language, row["sentence"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("clones", type=Path, metavar="CLONES", help="folder with clones of the data sets in README.md")
    parser.add_argument("target", type=Path, metavar="DIR", help="what `corpus --recorded` is to be given")


def main(arguments: argparse.Namespace) -> int:
    """Lay out and count; returns an exit status."""
    cache_folder.log_to_terminal()
    counts = lay_out(arguments.clones, arguments.target)
    for voice, count in counts.items():
        print(f"{voice:12} {count:5} clips")
    return 0 if counts else 1
