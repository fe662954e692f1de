"""What the original program makes of a clip's features, step by step: the oracle of ``visaged render --compat``.

Windows of 128 frames that overlap by 32, linear cross-fades, percent to 0..1, a tenth of a second of easing in, and the
columns that it sets to zero (blinks, gaze, tongue, head, eyeballs). Nothing is clamped.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.neurosync.shape import FRAMES

Array = NDArray[np.float32]

OVERLAP: Final = 32
EASE_IN: Final = 6
"""Frames, a tenth of a second at 60 per second."""
CURVES: Final = 61
"""Columns in percent; the emotions behind them are left as they are."""
ZEROED: Final = (*range(5), *range(7, 12), *range(51, 61))


def render(model: Callable[[Array], Array], features: Array, overlap: int = OVERLAP) -> Array:
    """Curves [frames, 68] of a whole clip's ``features`` [frames, 256].

    ``model``: window [128, 256] -> [128, 68] in percent.
    """
    total = len(features)
    curves: Array | None = None
    for start in range(0, total, FRAMES - overlap):
        window = features[start : start + FRAMES]
        count = len(window)
        filled = np.concatenate((window, np.repeat(window[-1:], FRAMES - count, axis=0)))
        answer = model(filled)[:count]
        curves = answer if curves is None else blended(curves, answer, overlap)
    assert curves is not None
    curves = curves[:total].copy()
    curves[:, :CURVES] /= 100
    ease = min(EASE_IN, total)
    curves[:ease] *= np.linspace(0, 1, ease, dtype=np.float32)[:, None]
    curves[:, ZEROED] = 0
    return curves


def blended(before: Array, after: Array, overlap: int) -> Array:
    """``after`` begins ``overlap`` frames before the end of ``before``; where both are, its weight rises from 0."""
    count = min(overlap, len(before), len(after))
    rise = (np.arange(count, dtype=np.float32) / count)[:, None]
    faded = (1 - rise) * before[-count:] + rise * after[:count]
    return np.concatenate((before[:-count], faded, after[count:]))
