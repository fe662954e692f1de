"""Where a stream's transformer stands: rotary angles and attention mask of each step, exact however long it runs.

In float32 the angle of position 15,000,000 (a week at 25 Hz) is off by up to half a turn; float64 modulo 2 pi keeps it
to 1e-8.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

TOKENS: Final = 2
"""Latents per frame."""
# The base of the rotary periods, as Mimi was trained.
_MAX_PERIOD: Final = 10_000.0
# Added to the scores of what must not be heard: its exponential is 0, and float16 can hold it.
BLOCKED: Final = -30_000.0


class Positions:
    """Writes the inputs ``cos``, ``sin`` ([2, half a head]) and ``mask`` ([2, context + 2]) of a step in place.

    A latent hears itself and the context - 1 before it. In a ring, position p lies in slot p modulo context; in a
    shift, slot 0 is the oldest. The last two columns are the step's own latents. For one stream.
    """

    def __init__(self, inputs: dict[str, NDArray[Any]], ring: bool) -> None:
        self._cos, self._sin, self._mask = inputs["cos"], inputs["sin"], inputs["mask"]
        self._ring = ring
        self._context = self._mask.shape[1] - TOKENS
        half = self._cos.shape[1]
        self._speeds = _MAX_PERIOD ** -(np.arange(half, dtype=np.float64) / half)
        self._offsets = np.arange(TOKENS, dtype=np.float64)[:, None]
        self._angles = np.empty((TOKENS, half), np.float64)
        self._turned = np.empty_like(self._angles)

    def write(self, step: int) -> None:
        """Fill the inputs for step number ``step``, counted from 0."""
        position = step * TOKENS
        np.add(self._offsets, position, out=self._turned)
        np.multiply(self._turned, self._speeds, out=self._angles)
        np.remainder(self._angles, 2 * np.pi, out=self._angles)
        np.cos(self._angles, out=self._turned)
        self._cos[...] = self._turned
        np.sin(self._angles, out=self._turned)
        self._sin[...] = self._turned
        self._write_mask(position)

    def _write_mask(self, position: int) -> None:
        mask, context = self._mask, self._context
        mask[:, context:] = 0.0
        mask[0, context + 1] = BLOCKED
        if position < context:
            mask[:, :context] = BLOCKED
            if self._ring:
                mask[:, :position] = 0.0
            else:
                mask[:, context - position : context] = 0.0
            return
        oldest = position % context if self._ring else 0
        mask[:, :context] = 0.0
        mask[0, oldest] = BLOCKED
        mask[1, oldest : oldest + TOKENS] = BLOCKED
