"""How well closures come out on labelled streams: to choose thresholds on training-side voices, not for acceptance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.lipsync.targets import FRAME_RATE_HZ, SPEECH, VISEME_CLASS
from models.lipsync.visemes import OVR

BILABIAL: Final = OVR.index("PP")
LABIODENTAL: Final = OVR.index("FF")
# A closure counts for a bilabial from 50 ms before its start to 100 ms after, as in the acceptance evaluation.
_EARLY: Final = round(0.05 * FRAME_RATE_HZ)
_LATE: Final = round(0.1 * FRAME_RATE_HZ)


@dataclass(frozen=True)
class Closures:
    """``recall`` of bilabials; ``false_share`` of closed frames that are neither near a bilabial nor in a pause."""

    recall: float
    false_share: float
    false_per_minute: float
    bilabials: int

    def __str__(self) -> str:
        return f"{self.recall:.3f} / {100 * self.false_share:.1f} % ({self.false_per_minute:.1f}/min)"


def closures(closed: NDArray[np.bool_], wanted: NDArray[np.uint8], viseme: int = BILABIAL) -> Closures:
    """``closed`` [streams, frames] against targets uint8 [streams, frames, WIDTH] of the same look-ahead.

    With ``LABIODENTAL`` the same is counted for contact.
    """
    hits = total = false_frames = closed_frames = false_events = speech_frames = 0
    for row, target in zip(closed, wanted, strict=True):
        lips = target[:, VISEME_CLASS] == viseme
        speech = target[:, SPEECH] > 127
        starts = np.flatnonzero(lips & ~np.roll(lips, 1))
        near = lips.copy()
        for start in starts:
            near[max(0, start - _EARLY) : start + _LATE + 1] = True
            hits += bool(row[max(0, start - _EARLY) : start + _LATE + 1].any())
        total += len(starts)
        # As in the acceptance evaluation, the edges of pauses are not judged.
        judged = speech & ~_widened(~speech, _EARLY)
        wrong = row & judged & ~near
        false_frames += int(wrong.sum())
        closed_frames += int((row & judged).sum())
        false_events += _runs(wrong)
        speech_frames += int(speech.sum())
    minutes = speech_frames / FRAME_RATE_HZ / 60
    return Closures(
        hits / max(total, 1), false_frames / max(closed_frames, 1), false_events / max(minutes, 1e-6), total
    )


def _widened(frames: NDArray[np.bool_], by: int) -> NDArray[np.bool_]:
    return np.convolve(frames, np.ones(2 * by + 1), "same") > 0


def _runs(frames: NDArray[np.bool_]) -> int:
    """Runs of two frames or more; a single frame of 17 ms is not seen."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], frames.view(np.int8), [0]])))
    return int(np.sum(np.diff(edges.reshape(-1, 2)) >= 2))
