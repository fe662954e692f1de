"""Speech to calibrate and judge with, as windows of features: the bundled sample, voices of this machine, a file."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

import numpy as np
import soxr
from numpy.typing import NDArray

from models.neurosync.shape import FRAMES
from visaged.audio.errors import FileUnusable
from visaged.audio.file_reader import read_all
from visaged.clock import RATE_HZ as HOUSE_HZ
from visaged.face.neurosync.features.clip import TooShort, features, normalise
from visaged.face.neurosync.features.mel import RATE_HZ
from visaged.samples import speech_path


class SpeechError(Exception):
    """A sound file cannot be used; says which and why."""


Windows = NDArray[np.float32]
"""float32 [windows, 128, 256]."""

_SAID: Final = (
    "Maybe Bob will bring the big blue map home before the evening, but I doubt that very much.",
    "No! Why would five famous people want a warm cup of coffee in the middle of the night?",
    "She sells sea shells; we both pushed the wooden boat under the bridge, and nobody knew.",
)
# Sixteen-second clips: whole-clip normalisation as in training, which saw takes of minutes.
_ESPEAK: Final = (("en-us", "45"), ("en-us+f3", "60"), ("de", "45"), ("es+f2", "55"))


def clip_features(path: Path) -> NDArray[np.float32]:
    """Features [frames, 256] of a sound file. Raises SpeechError."""
    try:
        sound = np.asarray(soxr.resample(read_all(path), HOUSE_HZ, RATE_HZ), np.float32)
        return features(normalise(sound))
    except FileUnusable as error:
        raise SpeechError(f"{error}. {error.remedy}") from None
    except TooShort as error:
        raise SpeechError(f"'{path}': {error}") from None


def windows_of(clip: NDArray[np.float32]) -> Windows:
    """Whole windows side by side; what is left at the end is dropped, but a clip shorter than one is filled up."""
    if len(clip) < FRAMES:
        clip = np.concatenate((clip, np.repeat(clip[-1:], FRAMES - len(clip), axis=0)))
    count = len(clip) // FRAMES
    return clip[: count * FRAMES].reshape(count, FRAMES, -1)


def calibration_windows() -> Windows:
    """Speech of the voices that this machine can make (flite, espeak-ng); the first half of the sample without any."""
    with tempfile.TemporaryDirectory() as folder:
        clips = [clip_features(path) for path in _spoken(Path(folder))]
    return np.concatenate([windows_of(clip) for clip in clips]) if clips else _sample()[::2]


def held_out_windows() -> Windows:
    """Speech that calibration has not seen: the second half of the windows of the bundled sample."""
    return _sample()[1::2]


def _sample() -> Windows:
    return windows_of(clip_features(speech_path()))


def _spoken(folder: Path) -> list[Path]:
    """A sound file per voice."""
    text, made = " ".join(_SAID), []
    if shutil.which("flite"):
        for voice in ("slt", "rms"):
            made.append(folder / f"flite-{voice}.wav")
            subprocess.run(["flite", "-voice", voice, "-t", text, "-o", str(made[-1])], check=True)
    if shutil.which("espeak-ng"):
        for voice, pitch in _ESPEAK:
            made.append(folder / f"espeak-{voice}.wav")
            subprocess.run(["espeak-ng", "-v", voice, "-p", pitch, "-w", str(made[-1]), text], check=True)
    return made
