"""From overlapping windows to one movement: each new window is blended in over frames that the one before foresaw.

The model sees both ways, so two windows say different things of the same frame, most of all at their ends. A window is
shown up to ``context`` frames before its end; over the first as many frames of the next one, the old window's unshown
frames fade out while the new one fades in. Nothing eases from rest at a seam, so no pulse is seen at the hop's rate.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from visaged.face.neurosync.features.stream import WINDOW

Rows = NDArray[np.float32]

# Frames that are kept: twice the longest look-ahead.
_KEPT: Final = 256


class Seams:
    """The blended frames of one stream, by number."""

    def __init__(self, columns: int) -> None:
        self._frames = np.zeros((_KEPT, columns), np.float32)
        self._foreseen = np.zeros((0, columns), np.float32)
        self.ready = 0
        """Frames before this one are there."""

    def add(self, window: Rows, end: int, context: int) -> Rows:
        """Take in ``window`` (float32 [128, columns]), which ends before frame ``end``; shows all but ``context``.

        Returns its rows that were new, unblended: a view.
        """
        first = max(self.ready, end - WINDOW)
        shown = end - context
        if shown <= first:
            return window[:0]
        new = window[first - end : WINDOW - context]
        rows = new.copy()
        count = min(len(self._foreseen), len(rows)) if first == self.ready else 0
        share = (np.arange(1, count + 1, dtype=np.float32) / np.float32(count + 1))[:, None]
        rows[:count] = self._foreseen[:count] + share * (rows[:count] - self._foreseen[:count])
        self._frames[np.arange(first, shown) % _KEPT] = rows
        self._foreseen = window[WINDOW - context :].copy()
        self.ready = shown
        return new

    def frame(self, number: int) -> Rows:
        """Frame ``number``, or the newest before it that there is; zero before the first. A view."""
        row: Rows = self._frames[min(number, self.ready - 1) % _KEPT]
        return row
