"""How a sound would have gone on: linear prediction from its last milliseconds.

A seam is closed by fading from this into what really comes. It joins what went before in value, slope and every
further derivative, so nothing clicks; and as Burg's predictor is stable it dies away rather than running off
(J. P. Burg, "Maximum entropy spectral analysis", Stanford, 1975).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from visaged.codec.frame_codec import CODEC_RATE_HZ, Pcm

HISTORY: Final = CODEC_RATE_HZ * 30 // 1000
"""Samples that are looked at: two pitch periods of a deep voice."""
# Four formants and the glottis at 24 kHz.
_ORDER: Final = 32
# The energy of what 16 bits cannot say: silence goes on as silence.
_SILENCE: Final = 1e-9


def extrapolate(history: Pcm, count: int) -> Pcm:
    """The ``count`` samples that would follow ``history`` (float32 [HISTORY])."""
    weights = _predictor(history.astype(np.float64))
    line = np.concatenate([history[-_ORDER:].astype(np.float64), np.zeros(count)])
    for at in range(count):
        line[_ORDER + at] = weights @ line[at : _ORDER + at]
    return line[_ORDER:].astype(np.float32)


def _predictor(past: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights of the last 32 samples, oldest first."""
    forward, backward = past[1:], past[:-1]
    weights = np.zeros(0)
    for _ in range(_ORDER):
        energy = forward @ forward + backward @ backward
        if energy < _SILENCE:
            break
        reflection = 2 * (forward @ backward) / energy
        weights = np.append(weights - reflection * weights[::-1], reflection)
        forward, backward = (forward - reflection * backward)[1:], (backward - reflection * forward)[:-1]
    return np.concatenate([weights, np.zeros(_ORDER - len(weights))])[::-1]
