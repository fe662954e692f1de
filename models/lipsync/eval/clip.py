"""A clip to judge on: its sound at the house rate and its phones with times; reading and writing folders of them.

A folder holds, at any depth, ``NAME.wav`` (or ``.flac``) beside one of

* ``NAME.json``: ``{"voice", "language", "text", "licence", "source", "phones": [["P", start_s, end_s], …]}``;
* ``NAME.lab``: one phone a line, ``start_s end_s phone``;
* ``NAME.txt``: what is said, for forced alignment (``align.py``);
* nothing: the phones are recognised from the sound, which is only as good as the recogniser.

An empty list of phones means that nobody speaks: there the mouth should rest. Phones may be ARPAbet, radio or CMU
names.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from models.lipsync.eval.label import Labeller
from models.lipsync.phones import Phone, from_arpabet, merge

RATE_HZ: Final = 48_000
Sound = NDArray[np.float32]

SYNTHESISED: Final = "synthesised"
"""The ``source`` of a clip that a synthesiser said."""


class ClipError(Exception):
    """A clip that cannot be judged on: names the file and why."""


@dataclass(frozen=True)
class Clip:
    """``sound`` is float32 mono at 48 kHz; ``phones`` cover what is said, none if nobody speaks."""

    name: str
    voice: str
    language: str
    text: str
    sound: Sound
    phones: list[Phone]
    labels: str
    """Where the phone times come from: given, aligned, recognised."""
    licence: str = ""
    source: str = ""


def read_folder(folder: Path) -> tuple[list[Clip], list[str]]:
    """All clips under ``folder`` in the order of their paths, and why others were left out.

    Raises ClipError if none is left.
    """
    paths = sorted(path for path in folder.rglob("*") if path.suffix in (".wav", ".flac"))
    labeller = Labeller()
    clips, skipped = [], []
    for path in paths:
        try:
            clips.append(_read(path, folder, labeller))
        except ClipError as error:
            skipped.append(str(error))
    if not clips:
        raise ClipError(
            f"{folder}: no clip to judge on ({len(paths)} sound files; {'; '.join(skipped[:3]) or 'none read'})"
        )
    return clips, skipped


def read_clip(path: Path) -> Clip:
    """The clip of one sound file and what lies beside it. Raises ClipError."""
    return _read(path, path.parent, Labeller())


def write(clip: Clip, folder: Path) -> None:
    """``NAME.wav`` (16 bit) and ``NAME.json`` under ``folder/VOICE``."""
    place = folder / clip.voice
    place.mkdir(parents=True, exist_ok=True)
    soundfile.write(place / f"{clip.name}.wav", np.clip(clip.sound, -1.0, 1.0), RATE_HZ, subtype="PCM_16")
    about = {
        "voice": clip.voice,
        "language": clip.language,
        "text": clip.text,
        "labels": clip.labels,
        "licence": clip.licence,
        "source": clip.source,
        "phones": [[p.symbol, round(p.start_s, 4), round(p.end_s, 4)] for p in clip.phones],
    }
    (place / f"{clip.name}.json").write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")


def at_house_rate(sound: NDArray[np.float32], rate_hz: int) -> Sound:
    """``sound`` ([samples] or [samples, channels]) as float32 mono at 48 kHz."""
    mono = sound if sound.ndim == 1 else sound.mean(axis=1)
    out = mono if rate_hz == RATE_HZ else soxr.resample(mono, rate_hz, RATE_HZ)
    return np.ascontiguousarray(out, np.float32)


def _read(path: Path, root: Path, labeller: Labeller) -> Clip:
    try:
        raw, rate_hz = soundfile.read(path, dtype="float32")
    except soundfile.LibsndfileError as error:
        raise ClipError(f"{path}: {error}") from error
    if not len(raw):
        raise ClipError(f"{path}: holds no sound")
    sound = at_house_rate(raw, rate_hz)
    about = _about(path.with_suffix(".json"))
    text = about.get("text", "")
    transcript = path.with_suffix(".txt")
    if not text and transcript.is_file():
        text = transcript.read_text(encoding="utf-8").strip()
    language = about.get("language", "en")
    lab = path.with_suffix(".lab")
    labels = about.get("labels", "given")
    phones: list[Phone] | None
    if "phones" in about:
        phones = _phones(path, about["phones"])
    elif lab.is_file():
        rows = (line.split() for line in lab.read_text(encoding="utf-8").splitlines() if line.strip())
        phones = _phones(path, [[row[-1], *row[:-1]] for row in rows])
    elif text:
        labels = "aligned"
        phones = labeller.align(sound, text, language)
        if phones is None:
            raise ClipError(f"{path}: the transcript does not fit the sound")
    else:
        labels = "recognised"
        phones = labeller.recognise(sound)
        if phones is None:
            raise ClipError(f"{path}: has no labels and no transcript, and no phones were recognised")
    voice = about.get("voice") or (path.parent.name if path.parent != root else "unknown")
    return Clip(
        path.stem, voice, language, text, sound, phones, labels, about.get("licence", ""), about.get("source", "")
    )


def _about(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ClipError(f"{path}: {error}") from error
    if not isinstance(about, dict):
        raise ClipError(f"{path}: must hold an object")
    return about


def _phones(path: Path, rows: list[list[Any]]) -> list[Phone]:
    try:
        return merge([Phone(from_arpabet(name), float(start), float(end)) for name, start, end in rows])
    except (ValueError, TypeError, IndexError) as error:
        raise ClipError(f"{path}: bad label: {error}") from error
