"""24 kHz -> 48 kHz, frame by frame, without seams: the codec's voice at the internal rate."""

from __future__ import annotations

from typing import Final

import numpy as np

from visaged.audio.ring import Sound
from visaged.codec.frame_codec import FRAME, Pcm

FACTOR: Final = 2
HOUSE_FRAME: Final = FRAME * FACTOR
"""Samples that 80 ms have at 48 kHz."""
# Samples at 24 kHz that a value between two of them is made of: flat to 9.6 kHz, images 70 dB down from 14.4 kHz.
_TAPS: Final = 24
# Kaiser's formula for 70 dB: 0.1102 (70 - 8.7).
_KAISER_BETA: Final = 6.76
DELAY: Final = _TAPS
"""How much later the output shows what went in, in samples at 48 kHz: 0.5 ms."""


class CodecUpsampler:
    """One stream. ``step`` allocates nothing that stays; ``clear`` starts a new stream."""

    def __init__(self) -> None:
        offsets = np.arange(-_TAPS, _TAPS + 1)
        taps = np.sinc(offsets / FACTOR) * np.kaiser(len(offsets), _KAISER_BETA)
        # Every second weight falls on a sample that is there, the others on the zeros between them.
        self._phases = [np.asarray(part / part.sum(), np.float32) for part in (taps[0::2], taps[1::2])]
        self._past = _TAPS
        self._buffer = np.zeros(self._past + FRAME, np.float32)

    def clear(self) -> None:
        """Forget what was heard."""
        self._buffer[:] = 0

    def step(self, pcm: Pcm, out: Sound) -> None:
        """``pcm`` float32 [n <= 1920] at 24 kHz -> ``out`` float32 [2 n] at 48 kHz, DELAY samples later."""
        count, past = len(pcm), self._past
        buffer = self._buffer[: past + count]
        buffer[past:] = pcm
        even, odd = self._phases
        out[0 : 2 * count : 2] = np.convolve(buffer, even, "valid")[-count:]
        out[1 : 2 * count : 2] = np.convolve(buffer, odd, "valid")[-count:]
        self._buffer[:past] = buffer[count:].copy()
