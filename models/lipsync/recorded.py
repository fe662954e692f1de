"""Recorded people as a source: ``DIR/<voice>/metadata.csv`` (``file|language|text``) and the sound files it names."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
import soxr

from models.lipsync.align import ALIGN_RATE_HZ, Aligner
from models.lipsync.phones import SILENCE, Phone
from models.lipsync.utterance import RATE_HZ, Utterance, resampled

# Aligned slower than this (or faster than the other) a text and its sound do not belong together.
_SLOWEST_PHONE_S: Final = 0.45
_FASTEST_PHONE_S: Final = 0.035
# What is kept of the silence before and after the words: single words would else be pauses for the most part.
_KEPT_SILENCE_S: Final = 0.25
# The aligner hears this peak, whatever the recording's level.
_PEAK: Final = 0.8


def utterances(folder: Path, limit: int) -> Iterator[Utterance | None]:
    """Up to ``limit`` aligned utterances of the voice in ``folder``.

    None for one whose text does not fit its sound, or whose file is broken.
    """
    aligner = Aligner()
    with (folder / "metadata.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="|"))[:limit]
    for number, (name, language, text) in enumerate(rows):
        try:
            sound, rate_hz = soundfile.read(folder / name, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError:
            yield None
            continue
        mono = resampled(sound, rate_hz)
        mono = mono * (_PEAK / max(float(np.abs(mono).max()), 1e-3))
        heard = (soxr.resample(mono, RATE_HZ, ALIGN_RATE_HZ) * 32767).clip(-32768, 32767).astype(np.int16)
        phones = aligner.align(heard, text, language)
        yield trimmed(Utterance(f"{number:05d}", text, mono, phones)) if phones and _plausible(phones) else None


def trimmed(said: Utterance) -> Utterance:
    """``said`` without most of the silence at both ends; its first and last spoken phone move along."""
    spoken = [p for p in said.phones if p.symbol != SILENCE]
    from_s = max(0.0, spoken[0].start_s - _KEPT_SILENCE_S)
    to_s = spoken[-1].end_s + _KEPT_SILENCE_S
    sound = said.sound[int(from_s * RATE_HZ) : int(to_s * RATE_HZ)]
    length_s = len(sound) / RATE_HZ
    moved = [Phone(p.symbol, max(p.start_s - from_s, 0.0), min(p.end_s - from_s, length_s)) for p in said.phones]
    return replace(said, sound=sound, phones=[p for p in moved if p.end_s > p.start_s])


def _plausible(phones: list[Phone]) -> bool:
    spoken = [p for p in phones if p.symbol != SILENCE]
    if len(spoken) < 3:
        return False
    mean_s = sum(p.end_s - p.start_s for p in spoken) / len(spoken)
    return mean_s > _FASTEST_PHONE_S and max(p.end_s - p.start_s for p in spoken) < _SLOWEST_PHONE_S
