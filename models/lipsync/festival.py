"""festival as a source: many sentences in one run, with the segment times of ``utt.save.segs``."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import soundfile

from models.lipsync.phones import Phone, from_arpabet, merge
from models.lipsync.utterance import Utterance, resampled


def speak(voice: str, texts: list[str], names: list[str]) -> list[Utterance]:
    """Each of ``texts`` in festival's ``voice``. Raises CalledProcessError where festival fails."""
    with tempfile.TemporaryDirectory() as folder:
        lines = [f"(voice_{voice})"]
        for number, text in enumerate(texts):
            spoken = text.replace("\\", " ").replace('"', " ")
            lines.append(f'(set! u (utt.synth (Utterance Text "{spoken}")))')
            lines.append(f'(utt.save.wave u "{folder}/{number}.wav") (utt.save.segs u "{folder}/{number}.lab")')
        script = Path(folder) / "say.scm"
        script.write_text("\n".join(lines), encoding="utf-8")
        subprocess.run(["festival", "-b", str(script)], check=True, capture_output=True)
        return [
            _read(Path(folder) / str(number), text, name)
            for number, (text, name) in enumerate(zip(texts, names, strict=True))
        ]


def _read(stem: Path, text: str, name: str) -> Utterance:
    sound, rate_hz = soundfile.read(stem.with_suffix(".wav"), dtype="float32")
    phones: list[Phone] = []
    start_s = 0.0
    for line in stem.with_suffix(".lab").read_text(encoding="latin-1").splitlines():
        fields = line.split()
        if len(fields) != 3 or line.startswith("#"):
            continue
        end_s = float(fields[0])
        phones.append(Phone(from_arpabet(fields[2]), start_s, end_s))
        start_s = end_s
    return Utterance(name, text, resampled(sound, rate_hz), merge(phones))
