"""From probabilities to a decision: closed or not, touching or not; on time where it is sure, late rather than never.

At 40 ms look-ahead a p and a t differ little before they burst. The head with 40 ms more has heard the burst: what it
is sure of and the first head let pass is made up for, 40 ms late and still within the time in which a closure counts
for its sound (until 100 ms after the sound's start, ``score.py``). So the first head need only act where it is sure.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

# A sound that was shown is not shown again by the later head: for this many frames, a decision fading over two more.
HELD_FRAMES: Final = 6
FADE_FRAMES: Final = 2
# A decision counts as shown from here (half) to there (wholly) on its way from 0 to 1.
SHOWN: Final = (0.5, 0.75)
NEVER: Final = 2.0
"""A threshold that no probability reaches."""


class Decision(nn.Module):
    """One yes or no per look-ahead. ``sure`` and ``late``: thresholds for its own head and for the one after it."""

    sure: Tensor
    late: Tensor

    def __init__(self, sure: list[float], late: list[float], ramp: tuple[float, float]) -> None:
        """``ramp``: how far under and over its threshold a probability starts and completes a decision."""
        super().__init__()
        self.register_buffer("sure", torch.tensor(sure))
        # The last head has none after it.
        self.register_buffer("late", torch.tensor([*late[:-1], NEVER]))
        self.ramp = ramp

    def forward(self, said: Tensor, recent: Tensor) -> tuple[Tensor, Tensor]:
        """Probabilities [1, look-aheads], what was shown of late [1, look-aheads] (zero at the start of a stream).

        Returns the decision 0..1 and ``recent`` as of now, in the same shapes.
        """
        on_time = ramp(said - self.sure, *self.ramp)
        later = ramp(torch.cat([said[:, 1:], said[:, -1:]], dim=1) - self.late, *self.ramp)
        shown = ramp(on_time, *SHOWN)
        recent = torch.maximum(shown, recent - 1.0 / (HELD_FRAMES + FADE_FRAMES))
        free = torch.clamp(1.0 - recent * (HELD_FRAMES + FADE_FRAMES) / FADE_FRAMES, 0.0, 1.0)
        return torch.maximum(on_time, later * free), recent


def ramp(value: Tensor, low: float, high: float) -> Tensor:
    """0 at ``low`` and below, 1 at ``high`` and above, smooth between."""
    part = torch.clamp((value - low) / (high - low), 0.0, 1.0)
    return part * part * (3.0 - 2.0 * part)


def decided(
    said: NDArray[np.float32], after: NDArray[np.float32] | None, sure: float, late: float
) -> NDArray[np.bool_]:
    """Whole streams at once, in yes and no: ``said`` [streams, frames] of one head, ``after`` of the next one."""
    on_time = said > sure
    if after is None:
        return on_time
    shown = on_time.copy()
    for frames in range(1, HELD_FRAMES + 1):
        shown[:, frames:] |= on_time[:, :-frames]
    made_up: NDArray[np.bool_] = on_time | ((after > late) & ~shown)
    return made_up
