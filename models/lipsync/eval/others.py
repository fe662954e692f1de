"""HeadAudio and Rhubarb, both from npm, run through node on the same sounds; their visemes as the same signals.

Both are installed into a cache folder and never shipped. HeadAudio (MIT) is real-time; its events are put at the
time it stamps them with, which is kinder than the time they arrive. Rhubarb (MIT; here without a text) sees the
whole utterance.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import soxr
from numpy.typing import NDArray

from models.lipsync.eval.signals import Signals, Viseme, from_visemes

Sound = NDArray[np.float32]

PACKAGES: Final = {"headaudio": "@met4citizen/headaudio@0.1.0", "rhubarb": "rhubarb-lip-sync-wasm@0.1.8"}
_RATE_HZ: Final = 16_000
_FRAME_RATE_HZ: Final = 60

# Rhubarb's shapes: https://github.com/DanielSWolf/rhubarb-lip-sync, "Mouth shapes". Jaw openings as in visemes.py
# for the sounds named.
_RHUBARB: Final = {
    "A": Viseme(0.0, closed=True),
    "B": Viseme(0.1),
    "C": Viseme(0.28),
    "D": Viseme(0.42),
    "E": Viseme(0.25, rounding=0.5),
    "F": Viseme(0.12, rounding=1.0),
    "G": Viseme(0.08, contact=True),
    "H": Viseme(0.2),
    "X": Viseme(0.0, closed=True),
}

# HeadAudio's visemes are the fifteen of OVR.
_HEADAUDIO: Final = {
    "viseme_aa": Viseme(0.42),
    "viseme_E": Viseme(0.28),
    "viseme_I": Viseme(0.17),
    "viseme_O": Viseme(0.28, rounding=0.7),
    "viseme_U": Viseme(0.12, rounding=1.0),
    "viseme_PP": Viseme(0.0, closed=True),
    "viseme_SS": Viseme(0.07),
    "viseme_TH": Viseme(0.13),
    "viseme_DD": Viseme(0.13),
    "viseme_FF": Viseme(0.08, contact=True),
    "viseme_kk": Viseme(0.17),
    "viseme_nn": Viseme(0.13),
    "viseme_RR": Viseme(0.14, rounding=0.4),
    "viseme_CH": Viseme(0.08, rounding=0.4),
    "viseme_sil": Viseme(0.0, closed=True),
}
_TABLES: Final = {"rhubarb": (_RHUBARB, "X"), "headaudio": (_HEADAUDIO, "viseme_sil")}


class OtherError(Exception):
    """node, npm or one of the two does not work here: says what was run and what it said."""


@dataclass(frozen=True)
class Other:
    """``kind`` is rhubarb or headaudio; answers are kept under ``cache`` by the sound they belong to."""

    kind: str
    cache: Path

    @property
    def name(self) -> str:
        """For tables."""
        return {"rhubarb": "Rhubarb (whole clip)", "headaudio": "HeadAudio"}[self.kind]

    def hear_all(self, sounds: list[Sound]) -> list[Signals]:
        """The mouths for ``sounds`` (float32, 48 kHz). Raises OtherError."""
        modules = install(self.cache)
        answers = self.cache / "answers" / self.kind
        answers.mkdir(parents=True, exist_ok=True)
        heard = [
            (soxr.resample(s, 48_000, _RATE_HZ) * 32767).clip(-32768, 32767).astype("<i2").tobytes() for s in sounds
        ]
        kept = [answers / f"{hashlib.sha256(data).hexdigest()[:32]}.json" for data in heard]
        missing = [(data, path) for data, path in zip(heard, kept, strict=True) if not path.is_file()]
        if missing:
            self._ask(modules, missing)
        return [self._signals(path, len(s)) for path, s in zip(kept, sounds, strict=True)]

    def _ask(self, modules: Path, missing: list[tuple[bytes, Path]]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            jobs = []
            for number, (data, path) in enumerate(missing):
                raw = Path(folder) / f"{number}.raw"
                raw.write_bytes(data)
                jobs.append([str(raw), str(path)])
            listing = Path(folder) / "jobs.json"
            listing.write_text(json.dumps(jobs), encoding="utf-8")
            script = Path(__file__).with_name(f"{self.kind}.mjs")
            _run(["node", str(script), str(modules), str(listing)])

    def _signals(self, path: Path, samples: int) -> Signals:
        table, rest = _TABLES[self.kind]
        cues: list[list[Any]] = json.loads(path.read_text(encoding="utf-8"))
        times_s = np.arange(samples * _FRAME_RATE_HZ // 48_000) / _FRAME_RATE_HZ
        names = [rest] * len(times_s)
        for start_s, end_s, name in cues:
            for frame in range(
                int(np.ceil(start_s * _FRAME_RATE_HZ)), min(int(np.ceil(end_s * _FRAME_RATE_HZ)), len(names))
            ):
                names[frame] = name
        return from_visemes(names, table, times_s)


def install(cache: Path) -> Path:
    """The folder ``node_modules`` under ``cache`` with both packages in it, installed on first use.

    Raises OtherError.
    """
    modules = cache / "node_modules"
    if not all((modules / name.rsplit("@", 1)[0]).is_dir() for name in PACKAGES.values()):
        cache.mkdir(parents=True, exist_ok=True)
        _run(["npm", "install", "--prefix", str(cache), "--no-audit", "--no-fund", "--no-save", *PACKAGES.values()])
    return modules


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise OtherError(f"{command[0]} is not installed (apt-get install nodejs npm)") from error
    if done.returncode:
        raise OtherError(f"{' '.join(command[:3])} … failed: {done.stderr[-400:]}")
