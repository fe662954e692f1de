"""The statistics of speech in general that live features start from: ``python -m models.neurosync statistics``.

Nine voices that this machine can make (flite, espeak-ng) read for about a minute each in a room with some noise. What
the stream has learned of each by the end, averaged over the voices, becomes neurosync_speech.py.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from models.lipsync.text import english, other
from visaged.clock import RATE_HZ
from visaged.face.neurosync.features import speech as neurosync_speech
from visaged.face.neurosync.features.statistics import LEVEL_GAIN, Statistics
from visaged.face.neurosync.features.stream import FeatureStream, StreamState
from visaged.face.solver import HOP

Sound = NDArray[np.float32]

# Program, voice, pitch, language. The last of each program is held out, to be measured with.
VOICES: Final = (
    ("flite", "slt", "", "en"),
    ("flite", "rms", "", "en"),
    ("espeak-ng", "en-us", "40", "en"),
    ("espeak-ng", "en-gb+f2", "60", "en"),
    ("espeak-ng", "de+m3", "40", "de"),
    ("espeak-ng", "fr+f4", "55", "fr"),
    ("espeak-ng", "it+m7", "50", "it"),
    ("espeak-ng", "pl+f3", "65", "pl"),
    ("espeak-ng", "tr+m1", "35", "tr"),
)
HELD_OUT: Final = (
    ("flite", "awb", "", "en"),
    ("espeak-ng", "en-us+f5", "70", "en"),
    ("espeak-ng", "es+m4", "45", "es"),
)

_SENTENCES: Final = 14
_PAUSES_S: Final = (0.3, 1.2)
# Speech as a microphone in a quiet room gives it: -20 dBFS, the room 45 dB below.
_LEVEL_DBFS: Final = -20.0
_NOISE_DB: Final = -45.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None."""


def main(arguments: argparse.Namespace) -> int:
    """Measure and write; returns an exit status."""
    takes = [learned(sound) for sound in spoken(VOICES)]
    loudest_db = float(np.mean([take.loudest_db for take in takes]))
    means = np.array([take.sums / take.heard for take in takes])
    deviations = np.sqrt(np.array([take.squares / take.heard for take in takes]) - means**2)
    means[:, 0] -= [LEVEL_GAIN * (take.loudest_db - loudest_db) for take in takes]
    path = Path(neurosync_speech.__file__)
    deviation = np.sqrt(np.mean(deviations**2, axis=0))
    path.write_text(_module(loudest_db, means.mean(axis=0), deviation), encoding="utf-8")
    print(f"{path}: {len(takes)} voices, loudest band {loudest_db:.1f} dB")
    return 0


def learned(sound: Sound) -> Statistics:
    """What a stream knows of a voice after ``sound`` (float32 [n], 48 kHz)."""
    stream, state = FeatureStream(), StreamState()
    for start in range(0, len(sound) - HOP + 1, HOP):
        stream.step(sound[start : start + HOP], state)
    return state.statistics


def spoken(voices: tuple[tuple[str, str, str, str], ...]) -> Iterator[Sound]:
    """A take of about a minute per voice: float32 at 48 kHz."""
    for number, (program, voice, pitch, language) in enumerate(voices):
        rng = np.random.default_rng(number)
        sentences = english(_SENTENCES, number) if language == "en" else other(language, _SENTENCES, number)
        parts: list[Sound] = []
        for sentence in sentences:
            parts += [
                _say(program, voice, pitch, sentence),
                np.zeros(int(rng.uniform(*_PAUSES_S) * RATE_HZ), np.float32),
            ]
        sound = np.concatenate(parts)
        level = 10 ** (_LEVEL_DBFS / 20)
        sound *= level / np.sqrt(np.mean(sound**2))
        yield sound + (level * 10 ** (_NOISE_DB / 20) * rng.standard_normal(len(sound))).astype(np.float32)


def _say(program: str, voice: str, pitch: str, text: str) -> Sound:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "said.wav"
        if program == "flite":
            command = ["flite", "-voice", voice, "-t", text, "-o", str(path)]
        else:
            command = ["espeak-ng", "-v", voice, "-p", pitch, "-w", str(path), text]
        subprocess.run(command, check=True, capture_output=True)
        sound, rate_hz = soundfile.read(path, dtype="float32")
    return np.asarray(soxr.resample(sound, rate_hz, RATE_HZ), np.float32)


def _module(loudest_db: float, mean: NDArray[np.float64], deviation: NDArray[np.float64]) -> str:
    def numbers(values: NDArray[np.float64]) -> str:
        return "".join(f"    {value:.3f},\n" for value in values)

    return (
        '"""Speech in general, as the features measure it. Written by ``python -m models.neurosync statistics``."""\n\n'
        "from __future__ import annotations\n\nfrom typing import Final\n\n"
        f"SPEECH_LOUDEST_DB: Final = {loudest_db:.2f}\n"
        '"""The loudest mel band of a minute of speech at -20 dBFS, dB."""\n'
        f"SPEECH_MEAN: Final = (\n{numbers(mean)})\n"
        '"""Of each of the 23 cepstral coefficients, pauses of half a second included."""\n'
        f"SPEECH_DEVIATION: Final = (\n{numbers(deviation)})\n"
        '"""Their standard deviations."""\n'
    )
