"""What a mouth is judged by: is it closed, do lip and teeth touch, how rounded, how open.

From curves or from visemes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.lipsync.coarticulation import Mouth
from models.lipsync.visemes import CHANNELS
from visaged.curves import INDEX, REGIONS

Array = NDArray[np.float32]

CLOSED_GAP: Final = 0.02
"""Lips are closed where JawOpen - MouthClose is at most this."""
CONTACT: Final = 0.17
"""Lip and teeth touch where MouthRollLower is at least this.

Half of what the targets give f and v, above what p, b, m get.
"""

_JAW: Final = INDEX["JawOpen"]
_CLOSE: Final = INDEX["MouthClose"]
_ROLL: Final = INDEX["MouthRollLower"]
_ROUNDING: Final = [INDEX["MouthFunnel"], INDEX["MouthPucker"]]
_MOUTH: Final = [*REGIONS["jaw"], *REGIONS["mouth"]]


@dataclass(frozen=True)
class Signals:
    """One clip as a mouth shows it, frame by frame, in the clip's own time."""

    times_s: NDArray[np.float64]
    closed: NDArray[np.bool_]
    contact: NDArray[np.bool_]
    rounding: Array
    """Any scale; only its order counts."""
    jaw: Array
    mouth: Array
    """[frames, curves]: all that moves in the mouth, for rest and jitter."""


def from_poses(poses: Array, times_s: NDArray[np.float64]) -> Signals:
    """From poses float32 [frames, 61]."""
    gap = poses[:, _JAW] - poses[:, _CLOSE]
    return Signals(
        times_s,
        gap <= CLOSED_GAP,
        poses[:, _ROLL] >= CONTACT,
        poses[:, _ROUNDING].sum(axis=1),
        poses[:, _JAW],
        poses[:, _MOUTH],
    )


def from_targets(mouth: Mouth, times_s: NDArray[np.float64]) -> Signals:
    """From the curves that phones make (coarticulation.py): what a perfect phone-driven face would show."""
    column = {name: mouth.channels[:, CHANNELS.index(name)] for name in CHANNELS}
    gap = column["JawOpen"] * (1.0 - mouth.closure)
    return Signals(
        times_s,
        gap <= CLOSED_GAP,
        column["MouthRollLower"] >= CONTACT,
        column["MouthFunnel"] + column["MouthPucker"],
        column["JawOpen"],
        mouth.channels,
    )


@dataclass(frozen=True)
class Viseme:
    """What one viseme of another system shows."""

    jaw: float
    rounding: float = 0.0
    closed: bool = False
    contact: bool = False


def from_visemes(names: list[str], table: dict[str, Viseme], times_s: NDArray[np.float64]) -> Signals:
    """From one viseme name per frame."""
    shown = [table[name] for name in names]
    jaw = np.array([v.jaw for v in shown], np.float32)
    return Signals(
        times_s,
        np.array([v.closed for v in shown], bool),
        np.array([v.contact for v in shown], bool),
        np.array([v.rounding for v in shown], np.float32),
        jaw,
        jaw[:, None],
    )
