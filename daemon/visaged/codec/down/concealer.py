"""Codes to voice without a click: frames that are missing are filled in, and every irregular seam is smoothed.

A missing frame is the one before it said again, each time softer, then silence. The decoder carries its state through
all of that; and at every seam that is not the regular one from frame to frame, the old sound goes on for some
milliseconds as it would have gone on (extrapolate.py) while the new one fades in over it.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from visaged.codec.down.extrapolate import HISTORY, extrapolate
from visaged.codec.down.playout import PIECES
from visaged.codec.frame_codec import CODEC_RATE_HZ, FRAME, Codes, FrameDecoder, Pcm

PIECE: Final = FRAME // PIECES
"""Samples of 20 ms."""
# Strength at the end of the first, second, … missing frame: -6 and -16 dB, then nothing.
_DECAY: Final = (0.5, 0.16, 0.0)
# At the end of speech there is nothing to bridge: 40 ms are a soft end.
_END: Final = CODEC_RATE_HZ * 40 // 1000
# From the old sound to the new one: short enough to keep a consonant, long enough to be no click.
_SEAM: Final = CODEC_RATE_HZ * 10 // 1000


class Concealer:
    """One voice. One thread."""

    def __init__(self, decoder: FrameDecoder[Any]) -> None:
        self._decoder = decoder
        # Once for nothing: a first step takes several times as long as any other.
        self._codes: Codes = np.zeros(decoder.codebooks, np.uint16)
        decoder.step(self._codes, decoder.initial_state(), np.zeros(FRAME, np.float32))
        self._state: Any = decoder.initial_state()
        self._gain = 0.0
        self._missing = 0
        self._bridge = np.zeros(FRAME, np.float32)
        self._past = np.zeros(HISTORY, np.float32)
        self._ramp = np.zeros(FRAME, np.float32)
        self._rise = (0.5 - 0.5 * np.cos(np.linspace(0, np.pi, _SEAM, endpoint=False))).astype(np.float32)

    def say(self, codes: Codes, pcm: Pcm, *, reset: bool = False, shorter: int = 0) -> int:
        """Say ``codes`` (uint16 [codebooks]) into ``pcm`` (float32 [1920]); ``reset``: as the first of a stream.

        Returns how many samples of ``pcm`` are to be heard: all, less ``shorter`` pieces of 20 ms.
        """
        if reset:
            self._state = self._decoder.initial_state()
        self._state = self._decoder.step(codes, self._state, pcm)
        np.copyto(self._codes, codes)
        count = FRAME - shorter * PIECE
        if shorter:
            pcm[:count] = pcm[FRAME - count :].copy()
        # A bridge that was left in the middle ends at any strength.
        if reset or shorter or self._missing or self._gain != 1.0:
            self._close_seam(pcm)
        self._gain, self._missing = 1.0, 0
        self._remember(pcm[:count])
        return count

    def miss(self, pcm: Pcm) -> int:
        """Fill in the next 20 ms for a frame that is not there; returns how many samples of ``pcm`` those are."""
        piece = self._missing % PIECES
        if piece == 0:
            frame = self._missing // PIECES
            self._again(self._bridge, _DECAY[min(frame, len(_DECAY) - 1)], FRAME)
        self._missing += 1
        pcm[:PIECE] = self._bridge[piece * PIECE : (piece + 1) * PIECE]
        self._remember(pcm[:PIECE])
        return PIECE

    def end(self, pcm: Pcm) -> int:
        """Fade to silence; returns as above: all of ``pcm``."""
        self._again(pcm, 0.0, _END)
        self._remember(pcm)
        self._missing = 0
        return FRAME

    def forget(self) -> None:
        """After a decoder that failed: begin afresh, from silence."""
        self._state = self._decoder.initial_state()
        self._gain = 0.0
        self._past[:] = 0

    def _again(self, pcm: Pcm, goal: float, length: int) -> None:
        if self._gain == 0:
            pcm[:] = 0
            self._close_seam(pcm)
            return
        self._state = self._decoder.step(self._codes, self._state, pcm)
        self._ramp[:length] = np.linspace(self._gain, goal, length, dtype=np.float32)
        self._ramp[length:] = goal
        np.multiply(pcm, self._ramp, out=pcm)
        self._close_seam(pcm)
        np.clip(pcm, -1.0, 1.0, out=pcm)
        self._gain = goal

    def _close_seam(self, pcm: Pcm) -> None:
        old = extrapolate(self._past, _SEAM)
        pcm[:_SEAM] = old + (pcm[:_SEAM] - old) * self._rise

    def _remember(self, pcm: Pcm) -> None:
        np.clip(pcm, -1.0, 1.0, out=pcm)
        newest = pcm[-HISTORY:]
        self._past = np.concatenate([self._past[len(newest) :], newest])
