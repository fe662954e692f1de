"""One spoken sentence of the corpus: its sound, its phones, and the file that keeps both."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from models.lipsync.phones import Phone

RATE_HZ: Final = 24_000
"""The corpus and the model's front end: 400 samples per 60 fps frame."""


@dataclass(frozen=True)
class Utterance:
    """``sound`` is float32 mono at ``RATE_HZ``, full scale +-1; ``phones`` cover it in order."""

    name: str
    text: str
    sound: NDArray[np.float32]
    phones: list[Phone]


def resampled(sound: NDArray[np.float32], rate_hz: int) -> NDArray[np.float32]:
    """``sound`` (float32 [samples] or [samples, channels]) as mono at ``RATE_HZ``."""
    mono = sound if sound.ndim == 1 else sound.mean(axis=1)
    out: NDArray[np.float32] = soxr.resample(mono, rate_hz, RATE_HZ).astype(np.float32)
    return out


def save(utterance: Utterance, folder: Path) -> None:
    """Write ``NAME.flac`` (16 bit) and ``NAME.json`` into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    soundfile.write(folder / f"{utterance.name}.flac", np.clip(utterance.sound, -1, 1), RATE_HZ, subtype="PCM_16")
    labels = {
        "text": utterance.text,
        "phones": [[p.symbol, round(p.start_s, 4), round(p.end_s, 4)] for p in utterance.phones],
    }
    (folder / f"{utterance.name}.json").write_text(json.dumps(labels, ensure_ascii=False), encoding="utf-8")


def load(labels: Path) -> Utterance:
    """The utterance whose ``NAME.json`` is ``labels``."""
    kept = json.loads(labels.read_text(encoding="utf-8"))
    sound, _ = soundfile.read(labels.with_suffix(".flac"), dtype="float32")
    return Utterance(labels.stem, kept["text"], sound, [Phone(s, a, b) for s, a, b in kept["phones"]])
