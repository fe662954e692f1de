"""What a recording is, whatever the file format."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from visaged.curves import COUNT

# Slower is no movement, faster is a unit mistake.
MIN_FPS: Final = 1
MAX_FPS: Final = 240

# Four and a half hours at 60 frames a second: 240 MB of curves.
MAX_FRAMES: Final = 1_000_000

EMOTIONS: Final = ("Angry", "Disgusted", "Fearful", "Happy", "Neutral", "Sad", "Surprised")
"""Seven more columns that some files carry after the 61. They are read over: they are not on the wire."""

COLUMN_COUNTS: Final = (COUNT, COUNT + len(EMOTIONS))

# Shapes are 0..1 and angles are radians or -1..1; beyond this it is percent or degrees.
LARGEST: Final = 4.0
ACCEPTED_VALUES: Final = f"expected a number from -{LARGEST:g} to {LARGEST:g}: shapes are 0..1, angles -1..1"


class RecordingError(ValueError):
    """A recording that cannot be used: what is wrong, where, and what is accepted."""


@dataclass(frozen=True)
class Recording:
    """A face over time."""

    curves: NDArray[np.float32]
    """[frames, 61], in the order of ``visaged.curves.CURVES``."""
    fps: Fraction

    def __post_init__(self) -> None:
        """Raises RecordingError unless there is at least one frame of 61 finite values, and a rate."""
        if self.curves.ndim != 2 or self.curves.shape[1] != COUNT or len(self.curves) == 0:
            raise RecordingError(f"curves have the shape {self.curves.shape}, expected (frames, {COUNT})")
        if self.curves.dtype != np.float32:
            raise RecordingError(f"curves are {self.curves.dtype}, expected float32")
        check_fps(self.fps)
        wrong = ~is_legal(self.curves)
        if wrong.any():
            frame, column = np.argwhere(wrong)[0]
            value = self.curves[frame, column]
            raise RecordingError(f"frame {frame}, curve {column} is {value:g}, {ACCEPTED_VALUES}")

    @property
    def duration_s(self) -> float:
        """How long it lasts, in s."""
        return len(self.curves) / float(self.fps)


def is_legal(values: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Which of ``values`` can be curve values (NaN cannot)."""
    return np.asarray(np.abs(values) <= LARGEST)


def check_fps(fps: Fraction) -> Fraction:
    """``fps`` if it is a frame rate. Raises RecordingError."""
    if not MIN_FPS <= fps <= MAX_FPS:
        raise RecordingError(f"the frame rate is {float(fps):g}, expected {MIN_FPS} to {MAX_FPS} frames a second")
    return fps
