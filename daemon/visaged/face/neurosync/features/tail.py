"""The newest rows of a stream, in one piece."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class Tail:
    """Keeps ``rows`` rows; no allocation after the first, and no copy but once in ``rows`` steps."""

    def __init__(self, rows: int, columns: int) -> None:
        """All zero. float32 [rows, columns]."""
        self._rows = rows
        self._buffer = np.zeros((2 * rows, columns), np.float32)
        self._end = rows

    def push(self, rows: NDArray[np.float32]) -> None:
        """Add ``rows`` (float32 [n, columns], n <= rows); as many of the oldest go."""
        count = len(rows)
        if self._end + count > len(self._buffer):
            self._buffer[: self._rows] = self._buffer[self._end - self._rows : self._end].copy()
            self._end = self._rows
        self._buffer[self._end : self._end + count] = rows
        self._end += count

    @property
    def newest(self) -> NDArray[np.float32]:
        """The rows, oldest first: a view, true until the next push."""
        return self._buffer[self._end - self._rows : self._end]
