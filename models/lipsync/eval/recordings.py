"""Recorded people from Debian packages, with what they say: the part of the acceptance set that no synthesiser made.

Packages are downloaded and unpacked, not installed. Licences: the Asterisk prompts are CC BY-SA 3.0 (Russian: CC BY
3.0), the pocketsphinx test data BSD (its LibriVox excerpts public domain). They are judged on here and never shipped
or trained on.
"""

from __future__ import annotations

import gzip
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
from numpy.typing import NDArray

from models.lipsync.eval.clip import at_house_rate

# Words that make a sentence worth judging, and the length that keeps the set quick.
_WORDS: Final = (4, 24)
_SPHINX_RATE_HZ: Final = 16_000
_SPHINX: Final = "usr/share/pocketsphinx/test/data"


class RecordingError(Exception):
    """A package that cannot be had here: names it and the reason."""


@dataclass(frozen=True)
class Recording:
    """One recorded sentence: ``sound`` float32 mono 48 kHz."""

    name: str
    voice: str
    language: str
    text: str
    sound: NDArray[np.float32]
    licence: str
    source: str


@dataclass(frozen=True)
class Prompts:
    """The Asterisk prompts of one language: package names are asterisk-core-sounds-LANGUAGE and …-g722."""

    language: str
    voice: str
    folder: str
    licence: str
    clips: int


PROMPTS: Final = (
    Prompts("en", "people-allison", "en_US_f_Allison", "CC-BY-SA-3.0", 70),
    Prompts("es", "people-allison-es", "es_MX_f_Allison", "CC-BY-SA-3.0", 20),
    Prompts("fr", "people-june", "fr_CA_f_June", "CC-BY-SA-3.0", 20),
    Prompts("it", "people-carlo", "it_IT_m_Carlo", "CC-BY-SA-3.0", 20),
    Prompts("ru", "people-maxim", "ru_RU_f_IvrvoiceRU", "CC-BY-3.0", 20),
)


def prompts(which: Prompts, cache: Path) -> Iterator[Recording]:
    """Sentences of one language, evenly drawn from the list in its order.

    More than ``which.clips`` may be asked for.
    """
    texts_package = f"asterisk-core-sounds-{which.language}"
    texts_root = unpack(texts_package, cache)
    sounds_root = unpack(f"{texts_package}-g722", cache)
    listing = next(texts_root.rglob(f"core-sounds-{which.language}.txt.gz"))
    lines = gzip.decompress(listing.read_bytes()).decode("utf-8-sig", errors="replace").splitlines()
    said = [match.groups() for line in lines if (match := re.match(r"([\w/-]+): *([^\[\]<>�]+)$", line.strip()))]
    long_enough = [(name, text) for name, text in said if _WORDS[0] <= len(text.split()) <= _WORDS[1]]
    order = np.random.default_rng(0).permutation(len(long_enough))
    for number in order:
        name, text = long_enough[number]
        path = sounds_root / "usr/share/asterisk/sounds" / which.folder / f"{name}.g722"
        if path.is_file():
            sound = at_house_rate(_decode(path), 16_000)
            yield Recording(
                name.replace("/", "-"), which.voice, which.language, text, sound, which.licence, texts_package
            )


def sphinx(cache: Path) -> Iterator[Recording]:
    """The speakers of pocketsphinx-testdata: a LibriVox reader and the people who tested the recogniser."""
    root = unpack("pocketsphinx-testdata", cache) / _SPHINX
    for voice, listing in (
        ("people-librivox", "librivox/transcription"),
        ("people-cards", "cards/cards.transcription"),
    ):
        for line in (root / listing).read_text(encoding="utf-8").splitlines():
            match = re.match(r"(?:<s>)?(.*?)(?:</s>)?\s*\((\S+)\)", line)
            if match:
                text, name = match.groups()
                sound, rate_hz = soundfile.read(root / Path(listing).parent / f"{name}.wav", dtype="float32")
                yield _sphinx(name, voice, text.strip(), at_house_rate(sound, rate_hz))
    for name, text in (("goforward", "go forward ten meters"),):
        raw = np.frombuffer((root / f"{name}.raw").read_bytes(), "<i2").astype(np.float32) / np.float32(32768)
        yield _sphinx(name, "people-sphinx", text, at_house_rate(raw, _SPHINX_RATE_HZ))


def unpack(package: str, cache: Path) -> Path:
    """The folder with the files of a Debian package, downloaded on first use. Raises RecordingError."""
    folder = cache / "debian" / package
    if not (folder / "usr").is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        _run(["apt-get", "download", "-q", package], folder)
        for archive in folder.glob("*.deb"):
            _run(["dpkg-deb", "-x", archive.name, "."], folder)
            archive.unlink()
    return folder


def _sphinx(name: str, voice: str, text: str, sound: NDArray[np.float32]) -> Recording:
    return Recording(name, voice, "en", text, sound, "BSD-2-Clause; LibriVox: public domain", "pocketsphinx-testdata")


def _decode(path: Path) -> NDArray[np.float32]:
    """G.722, 16 kHz, through ffmpeg."""
    command = ["ffmpeg", "-v", "error", "-f", "g722", "-i", str(path), "-f", "f32le", "-ac", "1", "-ar", "16000", "-"]
    try:
        done = subprocess.run(command, capture_output=True, check=True)
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        raise RecordingError(f"{path.name} cannot be decoded: {error} (apt-get install ffmpeg)") from error
    return np.frombuffer(done.stdout, "<f4")


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RecordingError(f"{' '.join(command)}: {done.stderr.strip()[-300:]} (apt-get update first?)")
