"""How fast the peer's clock runs by ours, from when its frames come in.

Frames can only be late, never early, so the least delayed ones of each stretch lie on the line that the clocks draw;
its slope is the skew (Moon, Skelly and Towsley, "Estimation and removal of clock skew from network delay
measurements", INFOCOM 1999; here a least-squares line through the least delays in place of their linear program).
"""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np

from visaged.codec.down.playout import FRAME_NS

# Two seconds: among 25 frames one comes undisturbed.
_STRETCH: Final = 25
# Five minutes: 50 ppm are then 15 ms, plain among the jitter of any network that can carry speech.
_KEPT: Final = 150
# Ten seconds, before anything is said.
_ENOUGH: Final = 5
# A delay that changes by this much from one stretch to the next is another way through the network, or another pace
# of the peer's: begin anew.
_JUMP_NS: Final = FRAME_NS * 3


class Skew:
    """One stream. One thread hears, any may read ``ppm``."""

    def __init__(self) -> None:
        self.ppm: float | None = None
        """Parts per million that a frame of the peer's takes longer (+) or shorter (-) than 80 ms of ours."""
        self._points: deque[tuple[int, int]] = deque(maxlen=_KEPT)
        self._least: tuple[int, int] | None = None
        self._began = 0

    def clear(self) -> None:
        """Another stream."""
        self.ppm = None
        self._points.clear()
        self._least = None

    def hear(self, sequence: int, arrival_ns: int) -> None:
        """The frame ``sequence`` (unwrapped) came."""
        delay_ns = arrival_ns - sequence * FRAME_NS
        if self._least is None:
            self._least, self._began = (sequence, delay_ns), sequence
        elif delay_ns < self._least[1]:
            self._least = (sequence, delay_ns)
        if sequence - self._began < _STRETCH:
            return
        if self._points and abs(self._points[-1][1] - self._least[1]) > _JUMP_NS:
            self.clear()
            return
        self._points.append(self._least)
        self._least = None
        if len(self._points) >= _ENOUGH:
            sequences, delays = np.array(self._points, np.float64).T
            slope = np.polyfit(sequences - sequences[0], delays - delays[0], 1)[0]
            self.ppm = float(slope) / FRAME_NS * 1e6
