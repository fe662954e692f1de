"""Makes the corpus: every voice of ``voices.ALL`` says its sentences, labelled with phones, into ``CACHE/clean``."""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from rich.progress import track

from models.lipsync import cache as cache_folder
from models.lipsync import festival, flite, recorded, text, voices
from models.lipsync.espeak import Espeak
from models.lipsync.utterance import RATE_HZ, Utterance, save
from models.lipsync.voices import Voice

logger = logging.getLogger(__name__)


def make(cache: Path, recorded_dir: Path | None, seed: int, workers: int) -> dict[str, float]:
    """Make what is missing under ``cache/clean``; returns hours per voice. Voices already made are kept."""
    wanted = [v for v in voices.ALL if not (cache / "clean" / v.key / "voice.json").exists()]
    if recorded_dir is None:
        wanted = [v for v in wanted if v.engine != "recorded"]
    # Longest first, so that no worker is left with one at the end.
    wanted.sort(key=lambda v: -v.utterances)
    with ProcessPoolExecutor(workers) as pool:
        jobs = [pool.submit(make_voice, voice, cache, recorded_dir, seed) for voice in wanted]
        for job in track(as_completed(jobs), total=len(jobs), description="voices"):
            job.result()
    return {
        path.parent.name: json.loads(path.read_text())["hours"]
        for path in sorted((cache / "clean").glob("*/voice.json"))
    }


def make_voice(voice: Voice, cache: Path, recorded_dir: Path | None, seed: int) -> None:
    """All utterances of one voice, then ``voice.json`` that says it is complete."""
    folder = cache / "clean" / voice.key
    samples = count = dropped = 0
    for utterance in _utterances(voice, recorded_dir, seed):
        if utterance is None or len(utterance.phones) < 3:
            dropped += 1
            continue
        save(utterance, folder)
        samples += len(utterance.sound)
        count += 1
    about = {
        "role": voice.role,
        "language": voice.language,
        "licence": voice.licence,
        "utterances": count,
        "dropped": dropped,
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "voice.json").write_text(json.dumps({**about, "hours": samples / RATE_HZ / 3600}, indent=1))


def _utterances(voice: Voice, recorded_dir: Path | None, seed: int) -> Iterator[Utterance | None]:
    if voice.engine == "recorded":
        if recorded_dir is None or not (recorded_dir / voice.name / "metadata.csv").exists():
            logger.warning("%s: no recordings, left out", voice.key)
            return
        yield from recorded.utterances(recorded_dir / voice.name, voice.utterances)
        return
    # Each voice says other sentences, so that a held-out voice is also held-out text.
    own_seed = seed * 1000 + [v.key for v in voices.ALL].index(voice.key)
    said = (
        text.english(voice.utterances, own_seed)
        if voice.language == "en"
        else text.other(voice.language, voice.utterances, own_seed)
    )
    names = [f"{i:05d}" for i in range(len(said))]
    if voice.engine == "festival":
        yield from festival.speak(voice.name, said, names)
    elif voice.engine == "flite":
        yield from (flite.speak(voice.name, line, name) for line, name in zip(said, names, strict=True))
    else:
        engine = Espeak()
        pitch, speed = voice.options
        yield from (engine.speak(voice.name, pitch, speed, line, name) for line, name in zip(said, names, strict=True))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    cache_folder.add_arguments(parser)
    parser.add_argument(
        "--recorded", type=Path, metavar="DIR", help="recorded people: DIR/VOICE/metadata.csv (README.md)"
    )
    parser.add_argument("--workers", type=int, default=2, help="processes (default %(default)s)")


def main(arguments: argparse.Namespace) -> int:
    """Make the corpus and say how long each voice speaks; returns an exit status."""
    cache_folder.log_to_terminal()
    hours = make(arguments.cache, arguments.recorded, arguments.seed, arguments.workers)
    for voice, amount in (*hours.items(), ("all", sum(hours.values()))):
        print(f"{voice:40} {60 * amount:7.1f} min")
    return 0
