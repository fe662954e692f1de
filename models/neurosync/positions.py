"""Position tables: rotary angles (Su et al. 2021, RoFormer) and sinusoids (Vaswani et al. 2017), made in float64."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

_BASE: Final = 10_000.0


def angles(frames: int, size: int) -> NDArray[np.float64]:
    """Angle of frame p and pair i of ``size`` channels: p * 10000^(-2i / size). Shape [frames, size / 2]."""
    rates = _BASE ** (-np.arange(0, size, 2, dtype=np.float64) / size)
    return np.arange(frames, dtype=np.float64)[:, None] * rates


def sinusoids(frames: int, size: int) -> NDArray[np.float32]:
    """Sine in the even channels, cosine in the odd ones. Shape [frames, size]."""
    table = np.empty((frames, size), np.float32)
    table[:, 0::2] = np.sin(angles(frames, size))
    table[:, 1::2] = np.cos(angles(frames, size))
    return table
