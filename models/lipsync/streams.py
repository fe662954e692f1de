"""Training streams: 20 s of utterances and pauses under one acoustic condition, as features and targets on disk.

Long streams, not single sentences, so that the running level and mean are heard as they are at run time.
"""

from __future__ import annotations

import argparse
import json
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import track

from models.lipsync import augment, noises, voices
from models.lipsync import cache as cache_folder
from models.lipsync.frontend import FRAME, FrontEnd
from models.lipsync.phones import SILENCE, Phone
from models.lipsync.targets import targets
from models.lipsync.utterance import RATE_HZ, Utterance, load

SECONDS: Final = 20
SAMPLES: Final = SECONDS * RATE_HZ
FRAMES: Final = SAMPLES // FRAME

# How often a voice's sound is used over again under other conditions: many people speaking English count most, then one
# who speaks whole sentences, then voices made from people. The first name that fits counts.
_PASSES: Final = {
    "recorded-commonvoice1": 2.0, "recorded-commonvoice": 3.5, "recorded-omnilingo": 1.5,
    "recorded-librispeech": 2.0, "recorded-orders": 11.0,
    "recorded-kokoro": 6.5, "recorded-pico": 4.0, "recorded-rhvoice": 4.0,
    "recorded-precise": 4.0, "recorded-kathleen": 3.5, "recorded-wake": 3.0, "recorded-commands": 2.5,
    "recorded-nathalie": 1.0, "recorded-kerstin": 0.6, "flite": 2.5, "festival": 2.5, "espeak": 1.0,
}  # fmt: skip
_BATCH: Final = 24
# Shares of streams: as it was made, with one thing in the way, and without any speech; the rest is heard badly.
_CLEAN_SHARE: Final = 0.25
_SINGLE_SHARE: Final = 0.3
_EMPTY_SHARE: Final = 0.03
_FAULT_SHARE: Final = 0.05


@dataclass(frozen=True)
class Job:
    """One shard: ``count`` streams of the utterances in ``pool``."""

    pool: tuple[Path, ...]
    others: tuple[Path, ...]
    count: int
    seed: int
    clean: bool
    out: Path


def make(cache: Path, seed: int, workers: int, scale: float = 1.0) -> float:
    """Features of all training and validation voices under ``cache/streams``; returns hours of training streams."""
    jobs: list[Job] = []
    everyone = sorted((cache / "clean").glob("*/voice.json"))
    training = tuple(
        p for about in everyone if json.loads(about.read_text())["role"] == voices.TRAIN for p in _labels(about)
    )
    for about in everyone:
        facts, key = json.loads(about.read_text()), about.parent.name
        own_seed = seed * 100_003 + [v.key for v in voices.ALL].index(key)
        hours = facts["hours"]
        if facts["role"] == voices.TRAIN:
            passes = next(v for name, v in _PASSES.items() if key.startswith(name))
            count = max(1, round(scale * hours * 3600 * 1.12 / SECONDS * passes))
            for first in range(0, count, _BATCH):
                out = cache / "streams" / f"train-{key}-{first:05d}"
                size = min(_BATCH, count - first)
                jobs.append(Job(_labels(about), training, size, own_seed + 1000 * first, False, out))
        else:
            count = max(1, round(hours * 3600 / SECONDS))
            for clean in (True, False):
                out = cache / "streams" / f"validate-{key}-{'clean' if clean else 'mixed'}"
                jobs.append(Job(_labels(about), training, count, own_seed, clean, out))
    (cache / "streams").mkdir(exist_ok=True)
    wanted = [job for job in jobs if not job.out.with_suffix(".npz").exists()]
    np.random.default_rng(seed).shuffle(wanted)
    # Validation first, then a mix of all voices: training can start on the part that is done.
    wanted.sort(key=lambda job: job.out.name.startswith("train"))
    with ProcessPoolExecutor(workers) as pool:
        for _ in track(pool.map(run, wanted), total=len(wanted), description="streams"):
            pass
    return sum(job.count for job in jobs if not job.clean) * SECONDS / 3600


def _labels(about: Path) -> tuple[Path, ...]:
    return tuple(sorted(p for p in about.parent.glob("*.json") if p.name != "voice.json"))


def run(job: Job) -> None:
    """Make one shard: ``x`` float16 [streams, FRAMES, FEATURES], ``y`` uint8 [streams, look-aheads, FRAMES, WIDTH]."""
    torch.set_num_threads(1)
    rng = np.random.default_rng(job.seed)
    made = [stream(job, rng) for _ in range(job.count)]
    sound = torch.from_numpy(np.stack([s for s, _ in made]))
    features = FrontEnd()(sound).numpy().astype(np.float16)
    partial = job.out.with_suffix(".part.npz")
    np.savez(partial, x=features, y=np.stack([y for _, y in made]))
    partial.rename(job.out.with_suffix(".npz"))


def stream(job: Job, rng: noises.Rng) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """One stream's sound float32 [SAMPLES] and its targets."""
    # Sometimes a faulty input comes first: the mouth stays shut, and the speech after it is followed all the same.
    fault_s = float(rng.uniform(0.3, 3.0)) if not job.clean and rng.random() < _FAULT_SHARE else 0.0
    dry, phones = _pack(job, rng, fault_s)
    wanted = targets(dry, phones, FRAMES)
    if job.clean:
        return dry, wanted
    if rng.random() < _EMPTY_SHARE:
        silent = [Phone(SILENCE, 0.0, float(SECONDS))]
        return _nonspeech(rng), targets(np.zeros(SAMPLES, np.float32), silent, FRAMES)
    kind = rng.random()
    if kind < _CLEAN_SHARE:
        sound = _gained(augment.hiss(dry, rng.uniform(-95, -65), rng), rng)
    elif kind < _CLEAN_SHARE + _SINGLE_SHARE:
        sound = _gained(augment.hiss(_single(dry, rng), rng.uniform(-95, -70), rng), rng)
    else:
        sound = _gained(_condition(dry, job, rng), rng)
    if fault_s:
        fault = noises.broken(int(fault_s * RATE_HZ), rng) * np.float32(10 ** (rng.uniform(-30, 0) / 20))
        sound[: len(fault)] = fault
    return sound, wanted


def _pack(job: Job, rng: noises.Rng, first_s: float = 0.0) -> tuple[NDArray[np.float32], list[Phone]]:
    """Utterances with pauses between, from ``first_s`` to 20 s; the last is cut."""
    sound = np.zeros(SAMPLES, np.float32)
    phones: list[Phone] = []
    position = int((first_s + rng.uniform(0.0, 1.0)) * RATE_HZ)
    phones.append(Phone(SILENCE, 0.0, position / RATE_HZ))
    while position < SAMPLES:
        said = _vary(load(job.pool[rng.integers(len(job.pool))]), rng, job.clean)
        level = augment.loudness(said.sound) + 1e-6
        room_left = min(len(said.sound), SAMPLES - position)
        sound[position : position + room_left] += said.sound[:room_left] * np.float32(
            0.08 / level * 10 ** (rng.normal(0, 2) / 20)
        )
        at_s = position / RATE_HZ
        phones += [Phone(p.symbol, p.start_s + at_s, p.end_s + at_s) for p in said.phones]
        # Mostly short pauses; sometimes a long one, so that silence is known too.
        pause = rng.exponential(0.35) + 0.05 + (rng.uniform(1, 3) if rng.random() < 0.12 else 0)
        position += len(said.sound) + int(pause * RATE_HZ)
        phones.append(Phone(SILENCE, at_s + len(said.sound) / RATE_HZ, position / RATE_HZ))
    return sound, phones


def _vary(said: Utterance, rng: noises.Rng, clean: bool) -> Utterance:
    if clean:
        return said
    if rng.random() < 0.8:
        said = augment.resize(said, float(rng.uniform(0.8, 1.25)))
    if rng.random() < 0.15:
        said = augment.stretch(said, float(rng.uniform(0.8, 1.3)))
    return said


def _single(dry: NDArray[np.float32], rng: noises.Rng) -> NDArray[np.float32]:
    """A living room, or a box that hums beside the talker: what most boxes hear."""
    if rng.random() < 0.5:
        return augment.room(dry, float(rng.uniform(0.2, 0.5)), float(rng.uniform(0.5, 0.9)), rng)
    return augment.noise(dry, float(rng.uniform(14, 30)), rng)


def _condition(dry: NDArray[np.float32], job: Job, rng: noises.Rng) -> NDArray[np.float32]:
    sound = dry
    if rng.random() < 0.15:
        other = _pack(Job(job.others, job.others, 1, 0, True, job.out), rng)[0]
        sound = sound + other * np.float32(10 ** (-rng.uniform(12, 26) / 20))
    if rng.random() < 0.5:
        sound = augment.room(sound, float(rng.uniform(0.12, 0.7)), float(rng.uniform(0.3, 0.9)), rng)
    if rng.random() < 0.5:
        sound = augment.coloration(sound, rng)
    if rng.random() < 0.5:
        sound = augment.noise(sound, float(rng.uniform(8, 38)), rng)
    if rng.random() < 0.25:
        sound = augment.noise(sound, float(rng.uniform(14, 34)), rng)
    line = rng.random()
    if line < 0.18:
        sound = augment.telephone(sound, rng)
    elif line < 0.34:
        sound = augment.band(sound, float(rng.uniform(20, 250)), float(rng.uniform(3200, 9000)))
    elif line < 0.44:
        sound = augment.coded(sound, rng)
    if rng.random() < 0.08:
        sound = augment.clip(sound, float(rng.uniform(3, 14)))
    return augment.hiss(sound, float(rng.uniform(-95, -70)), rng)


def _gained(sound: NDArray[np.float32], rng: noises.Rng) -> NDArray[np.float32]:
    """A level, sometimes with a step in it, sometimes after a stretch of broken input."""
    gain_db = np.full(SAMPLES, rng.uniform(-26, 14), np.float32)
    if rng.random() < 0.2:
        gain_db[rng.integers(SAMPLES) :] += rng.uniform(-18, 18)
    sound = (sound * 10 ** (gain_db / 20)).astype(np.float32)
    return np.clip(sound, -1, 1).astype(np.float32)


def _nonspeech(rng: noises.Rng) -> NDArray[np.float32]:
    """20 s without a word: pieces of noise, music, coughs, hum, silence and broken input."""
    pieces: list[NDArray[np.float32]] = []
    total = 0
    while total < SAMPLES:
        count = int(rng.uniform(1.0, 8.0) * RATE_HZ)
        chance = rng.random()
        if chance < 0.15:
            piece = np.zeros(count, np.float32)
        elif chance < 0.3:
            piece = noises.broken(count, rng)
        else:
            piece = list(noises.KINDS.values())[rng.integers(len(noises.KINDS))](count, rng)
        pieces.append(piece * np.float32(10 ** (rng.uniform(-55, 0) / 20)))
        total += count
    return np.clip(np.concatenate(pieces)[:SAMPLES], -1, 1).astype(np.float32)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    cache_folder.add_arguments(parser)
    parser.add_argument("--workers", type=int, default=2, help="processes (default %(default)s)")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the usual amount (default %(default)s)")


def main(arguments: argparse.Namespace) -> int:
    """Make the streams and say how much there is; returns an exit status."""
    cache_folder.log_to_terminal()
    hours = make(arguments.cache, arguments.seed, arguments.workers, arguments.scale)
    print(f"{hours:.1f} h of training streams")
    return 0
