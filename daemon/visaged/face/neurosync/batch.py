"""A finished clip as the original NeuroSync pipeline solves it: for those who need its very numbers.

Windows of 128 frames every 96; the last is filled up with its last frame; of two windows' 32 common frames the first is
the old window's, then it fades out linearly, without ever being gone; percent become 0..1; the first 0.1 s grows from
nothing; blinks, gaze, tongue, head and eyeballs are blanked. Nothing is clamped. Live, none of this is wanted
(neurosync.py).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from visaged.curves import COUNT
from visaged.face.neurosync.features.clip import Features
from visaged.face.neurosync.features.stream import WINDOW
from visaged.face.neurosync.solver import BLANK, PERCENT

Rows = NDArray[np.float32]

_OVERLAP: Final = 32
# 0.1 s at 60 fps.
_EASE_IN: Final = 6


def solve_clip(
    features: Features, solve: Callable[[Features], Rows], progress: Callable[[int], None] = lambda frames: None
) -> Rows:
    """``features`` float32 [frames, 256] -> float32 [frames, 68]: 61 curves, seven emotions as the model gives them.

    ``solve``: a window, float32 [128, 256] -> [128, 68]. ``progress`` is told how many frames are done.
    """
    count = len(features)
    out = np.zeros((count, 0), np.float32)
    window = np.zeros((WINDOW, features.shape[1]), np.float32)
    for start in range(0, count, WINDOW - _OVERLAP):
        end = min(start + WINDOW, count)
        window[: end - start] = features[start:end]
        window[end - start :] = features[end - 1]
        answer = solve(window)[: end - start]
        if start == 0:
            out = np.zeros((count, answer.shape[1]), np.float32)
            common = 0
        else:
            common = min(_OVERLAP, end - start)
        share = (np.arange(common, dtype=np.float32) / np.float32(max(common, 1)))[:, None]
        out[start : start + common] += share * (answer[:common] - out[start : start + common])
        out[start + common : end] = answer[common:]
        progress(end)
    out[:, :COUNT] /= np.float32(PERCENT)
    eased = min(_EASE_IN, count)
    out[:eased] *= np.linspace(0, 1, eased, dtype=np.float32)[:, None]
    out[:, list(BLANK)] = 0
    return out
