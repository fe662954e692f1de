"""Where in a sound the lips must be closed (p, b, m) and where nobody speaks, frame by frame at 60 per second.

With the text, pocketsphinx aligns the phones. Without it, the lip-sync package that ships hears the closures: on voices
it does not know it finds some nine of ten, and some that are none, alike for every variant that is compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import soxr
from numpy.typing import NDArray

from models.neurosync.speech import SpeechError
from visaged.audio.errors import FileUnusable
from visaged.audio.file_reader import read_all
from visaged.clock import RATE_HZ
from visaged.curves import INDEX, neutral
from visaged.face.lipsync.solver import open_lipsync
from visaged.face.solver import FRAME_RATE_HZ, HOP
from visaged.inference.find import WHEEL_ROOT

Mask = NDArray[np.bool_]

# Longest look-ahead of the shipped model: it hears closures best.
_LOOKAHEAD_MS: Final = 80.0
# The shipped model presses the lips by 0.22 while it takes them for closed, by at most 0.05 elsewhere.
_PRESSED: Final = 0.15
# Quieter than the speech by this, for so long, is silence.
_SILENT_DB: Final = -35.0
_SILENT_FRAMES: Final = 12


@dataclass(frozen=True)
class Marks:
    """Of one sound; masks are [frames]."""

    loudness_db: NDArray[np.float32]
    """Relative to the loud parts of the speech."""
    silent: Mask
    closures: tuple[tuple[int, int], ...]
    """First frame and the one after the last."""
    heard_by: str
    """What found the closures."""


def mark(path: Path, text: str = "", language: str = "en") -> Marks:
    """Raises SpeechError when the file cannot be read, or is not what ``text`` says."""
    try:
        sound = read_all(path)
    except FileUnusable as error:
        raise SpeechError(f"{error}. {error.remedy}") from None
    frames = sound[: len(sound) // HOP * HOP].reshape(-1, HOP)
    power_db = 10 * np.log10(np.square(frames).mean(axis=1) + 1e-10)
    loudness_db = np.asarray(power_db - np.quantile(power_db, 0.9), np.float32)
    if text:
        closures, heard_by = _aligned(sound, text, language), "alignment of the text (pocketsphinx)"
    else:
        closures, heard_by = _heard(frames), "the lip-sync model"
    return Marks(loudness_db, _long(loudness_db < _SILENT_DB), tuple(closures), heard_by)


def _aligned(sound: NDArray[np.float32], text: str, language: str) -> list[tuple[int, int]]:
    try:
        from models.lipsync.align import ALIGN_RATE_HZ, Aligner  # noqa: PLC0415
        from models.lipsync.phones import BILABIALS  # noqa: PLC0415
    except ImportError as error:
        raise SpeechError(f"--text needs {error.name}: pip install {error.name}; or leave the text out") from None
    heard = (soxr.resample(sound, RATE_HZ, ALIGN_RATE_HZ) * 32767).clip(-32768, 32767).astype(np.int16)
    phones = Aligner().align(heard, text, language)
    if phones is None:
        raise SpeechError("the text and the sound do not fit each other; give the words that are said, in their order")
    found = [phone for phone in phones if phone.symbol in BILABIALS]
    return [(int(phone.start_s * FRAME_RATE_HZ), int(phone.end_s * FRAME_RATE_HZ) + 1) for phone in found]


def _heard(frames: NDArray[np.float32]) -> list[tuple[int, int]]:
    solver, _ = open_lipsync((WHEEL_ROOT,), _LOOKAHEAD_MS, providers=("cpu",))
    state, pose = solver.initial_state(), neutral()
    delay = round(solver.lookahead_ms * FRAME_RATE_HZ / 1000)
    pressed = []
    for frame in (*frames, *np.zeros((delay, HOP), np.float32)):
        state = solver.step(frame, state, pose)
        pressed.append(pose[INDEX["MouthPressLeft"]] > _PRESSED)
    return runs(np.array(pressed[delay:]))


def runs(mask: Mask) -> list[tuple[int, int]]:
    """(first, one after the last) of every stretch of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    return [(int(first), int(end)) for first, end in zip(edges[::2], edges[1::2], strict=True)]


def _long(mask: Mask) -> Mask:
    kept = np.zeros_like(mask)
    for first, end in runs(mask):
        kept[first:end] = end - first >= _SILENT_FRAMES
    return kept
