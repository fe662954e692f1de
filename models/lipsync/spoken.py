"""A synthesiser's sentences as a folder like that of recorded people: ``metadata.csv`` (file|language|text), sounds.

For synthesisers that say nothing useful of when each phone is said; ``recorded.py`` aligns what they say with the text.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import soundfile
from numpy.typing import NDArray
from rich.progress import track

from models.lipsync import text


@dataclass(frozen=True)
class Line:
    """One sentence: espeak-ng's name of its language, and what the synthesiser's file is to be called."""

    number: int
    language: str
    sentence: str

    @property
    def name(self) -> str:
        """The sound's file name."""
        return f"{self.number:05d}.flac"


Say: TypeAlias = Callable[[Line, np.random.Generator], tuple[NDArray[np.float32], int]]
"""Speaks a line with chance's voice, rate and pitch: mono sound and its rate in Hz. Must be picklable."""


def add_arguments(parser: argparse.ArgumentParser, count: int) -> None:
    """What every synthesiser's command takes; ``count``: how many sentences unless told otherwise."""
    parser.add_argument("target", type=Path, metavar="DIR", help="what `corpus --recorded` is to be given")
    parser.add_argument("--count", type=int, default=count, help="sentences (default %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="makes everything reproducible (default %(default)s)")
    parser.add_argument("--workers", type=int, default=2, help="processes (default %(default)s)")


def read_by_kathleen(target: Path) -> list[str]:
    """The English texts that kathleen reads, where her recordings are laid out in ``target``; else none."""
    listed = target / "kathleen" / "metadata.csv"
    if not listed.exists():
        return []
    with listed.open(encoding="utf-8", newline="") as file:
        return sorted({row[2] for row in csv.reader(file, delimiter="|")})


def lines(count: int, seed: int, languages: dict[str, float], read: list[str], read_share: float) -> list[Line]:
    """``count`` lines in ``languages``: share of each, all together 1; the same seed gives the same lines.

    Languages have espeak-ng's names, or "en" for English as pronounced in the aligner's dictionary. English lines are
    from ``read`` by that share, all others from ``text.py``.
    """
    chance = np.random.default_rng(seed)
    frames = iter(text.english(count, seed * 1000 + 998))
    others = {name: iter(text.other(name, count, seed * 1000 + 998)) for name in languages if name in text.LANGUAGES}
    said = []
    for number in range(count):
        language = str(chance.choice(list(languages), p=list(languages.values())))
        if language in others:
            said.append(Line(number, language, next(others[language])))
        elif read and chance.random() < read_share:
            said.append(Line(number, language, str(chance.choice(read))))
        else:
            said.append(Line(number, language, next(frames)))
    return said


def speak(folder: Path, said: list[Line], say: Say, seed: int, workers: int) -> None:
    """Write ``metadata.csv`` and every sound that is missing. May be stopped and begun again."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "metadata.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter="|").writerows((line.name, line.language, line.sentence) for line in said)
    with ProcessPoolExecutor(workers) as pool:
        jobs = [pool.submit(_speak_one, folder, line, say, seed) for line in said]
        for job in track(jobs, description="sentences"):
            job.result()


def _speak_one(folder: Path, line: Line, say: Say, seed: int) -> None:
    path = folder / line.name
    if path.exists():
        return
    sound, rate_hz = say(line, np.random.default_rng((seed, line.number)))
    # What is there is whole: one that was cut off in writing must not be taken for done.
    partial = path.with_suffix(".part.flac")
    soundfile.write(partial, np.clip(sound, -1, 1), rate_hz, subtype="PCM_16")
    partial.rename(path)
