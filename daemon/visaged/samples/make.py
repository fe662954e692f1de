"""Makes speech.ogg anew: ``python -m visaged.samples.make`` (needs flite: apt-get install flite). Build time only."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
import soxr

from visaged.samples import speech_path

RATE_HZ: Final = 24_000
# Voice, sentence, pause after it in seconds. Between them they have every mouth shape that people look at: closures
# (p b m), lip on teeth (f v), rounding (w oo o), spreading (ee), open vowels; the rests let the face come to rest.
SENTENCES: Final = (
    ("slt", "Hello! My name is Bob, and I move my mouth as you do.", 0.9),
    ("rms", "Pam bought five fine velvet pumps.", 0.8),
    ("slt", "Who knew? You do, and so do we. Cheese, please.", 1.0),
    ("rms", "Far above us, a brown fox vaults over four warm bowls of soup.", 1.2),
)
# Speech at a normal level: 20 dB below full scale, with room for the peaks.
_LEVEL_DBFS: Final = -20.0


def speak(voice: str, text: str) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """``text`` spoken by a flite voice, float32 at RATE_HZ, at the common level."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "said.wav"
        subprocess.run(["flite", "-voice", voice, "-t", text, "-o", str(path)], check=True)
        sound, rate_hz = soundfile.read(path, dtype="float32")
    sound = soxr.resample(sound, rate_hz, RATE_HZ)
    return np.asarray(sound * (10 ** (_LEVEL_DBFS / 20) / np.sqrt(np.mean(sound**2))), np.float32)


def main() -> None:
    """Write speech.ogg beside this file."""
    parts = [np.zeros(RATE_HZ // 2, np.float32)]
    for voice, text, pause_s in SENTENCES:
        parts += [speak(voice, text), np.zeros(int(pause_s * RATE_HZ), np.float32)]
    soundfile.write(speech_path(), np.concatenate(parts), RATE_HZ, format="OGG", subtype="VORBIS")


if __name__ == "__main__":
    main()
