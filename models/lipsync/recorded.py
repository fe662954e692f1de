"""Recorded people as a source: ``DIR/<voice>/metadata.csv`` (``file|language|text``) and the sound files it names."""

from __future__ import annotations

import csv
from collections.abc import Iterator
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
# The aligner hears this peak, whatever the recording's level.
_PEAK: Final = 0.8


def utterances(folder: Path, limit: int) -> Iterator[Utterance | None]:
    """Up to ``limit`` aligned utterances of the voice in ``folder``; None for one whose text does not fit its sound."""
    aligner = Aligner()
    with (folder / "metadata.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="|"))[:limit]
    for number, (name, language, text) in enumerate(rows):
        sound, rate_hz = soundfile.read(folder / name, dtype="float32", always_2d=True)
        mono = resampled(sound, rate_hz)
        mono = mono * (_PEAK / max(float(np.abs(mono).max()), 1e-3))
        heard = (soxr.resample(mono, RATE_HZ, ALIGN_RATE_HZ) * 32767).clip(-32768, 32767).astype(np.int16)
        phones = aligner.align(heard, text, language)
        yield Utterance(f"{number:05d}", text, mono, phones) if phones and _plausible(phones) else None


def _plausible(phones: list[Phone]) -> bool:
    spoken = [p for p in phones if p.symbol != SILENCE]
    if len(spoken) < 3:
        return False
    mean_s = sum(p.end_s - p.start_s for p in spoken) / len(spoken)
    return mean_s > _FASTEST_PHONE_S and max(p.end_s - p.start_s for p in spoken) < _SLOWEST_PHONE_S
