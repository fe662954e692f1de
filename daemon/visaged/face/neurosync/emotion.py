"""The seven emotions that NeuroSync hears in a voice, smoothed, as valence, arousal and dominance."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from visaged.face.solver import FRAME_RATE_HZ

Vector = tuple[float, float, float]
"""(valence, arousal, dominance), each -1..1."""

# Angry, disgusted, fearful, happy, neutral, sad, surprised: what people mean by the words (J. Russell and A. Mehrabian,
# "Evidence for a three-factor theory of emotions", Journal of Research in Personality 11, 1977).
_VECTORS: Final = np.array(
    [
        (-0.51, 0.59, 0.25),
        (-0.60, 0.35, 0.11),
        (-0.64, 0.60, -0.43),
        (0.76, 0.48, 0.35),
        (0.0, 0.0, 0.0),
        (-0.63, -0.27, -0.33),
        (0.40, 0.67, -0.13),
    ]
)
EMOTIONS: Final = len(_VECTORS)
_NEUTRAL: Final = 4
# The original's player takes the neutral output for this much: it dominates otherwise.
_NEUTRAL_SHARE: Final = 0.4
# A mood takes seconds; the outputs flicker from window to window.
_SMOOTHING_S: Final = 1.5
# How often the mood is told.
_EVERY_FRAMES: Final = FRAME_RATE_HZ // 2


@dataclass
class EmotionTracker:
    """One stream's."""

    shares: NDArray[np.float64] = field(default_factory=lambda: np.eye(EMOTIONS)[_NEUTRAL])
    """How much of each, sum 1."""
    _untold: int = 0

    def hear(self, outputs: NDArray[np.float32]) -> Vector | None:
        """Take in the emotion columns of new frames (float32 [n, 7]); the mood when it is time to tell it."""
        if not len(outputs):
            return None
        heard = np.clip(outputs.mean(axis=0, dtype=np.float64), 0.0, None)
        heard[_NEUTRAL] *= _NEUTRAL_SHARE
        total = float(heard.sum())
        # As in weights that know no emotions: then there is nothing to tell.
        if total == 0.0:
            return None
        kept = np.exp(-len(outputs) / (_SMOOTHING_S * FRAME_RATE_HZ))
        self.shares = kept * self.shares + (1.0 - kept) * heard / total
        self._untold += len(outputs)
        if self._untold < _EVERY_FRAMES:
            return None
        self._untold = 0
        valence, arousal, dominance = self.shares @ _VECTORS
        return float(valence), float(arousal), float(dominance)
