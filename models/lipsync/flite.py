"""flite as a source: sound and phone end times of a sentence (``flite -psdur``)."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import soundfile

from models.lipsync.phones import Phone, from_arpabet, merge
from models.lipsync.utterance import Utterance, resampled


def speak(voice: str, text: str, name: str) -> Utterance:
    """``text`` in flite's ``voice`` (awb, rms, kal16). Raises CalledProcessError where flite fails."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "said.wav"
        said = subprocess.run(
            ["flite", "-voice", voice, "-psdur", "-t", text, "-o", str(path)],
            capture_output=True,
            text=True,
            check=True,
        )
        sound, rate_hz = soundfile.read(path, dtype="float32")
    ends = [(symbol, float(end)) for symbol, end in (item.rsplit(":", 1) for item in said.stdout.split())]
    # The labels of kal16 run short by a constant 3.6 %; those of the other voices end with the sound anyway.
    stretch = len(sound) / rate_hz / ends[-1][1] if voice.startswith("kal") else 1.0
    phones: list[Phone] = []
    start_s = 0.0
    for symbol, end_s in ends:
        phones.append(Phone(from_arpabet(symbol), start_s, end_s * stretch))
        start_s = end_s * stretch
    return Utterance(name, text, resampled(sound, rate_hz), merge(phones))
