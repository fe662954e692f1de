"""What a codec is to everyone else: voice to codes and codes to voice, one 80 ms frame a step, state in and state out.

Both sides hold only what never changes; all that a stream carries from frame to frame is in its state, so a stream can
be reset or replayed by starting from ``initial_state``. Each object is for one thread at a time.
"""

from __future__ import annotations

from typing import Final, Protocol, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

CODEC_RATE_HZ: Final = 24_000
FRAME: Final = 1920
"""Samples per frame: 80 ms at 24 kHz, 12.5 frames a second."""
FRAME_MS: Final = 80
CODEBOOK_SIZE: Final = 2048
"""An index is 0..2047: 11 bits."""

Pcm: TypeAlias = NDArray[np.float32]
"""Mono, 24 kHz, +-1."""
Codes: TypeAlias = NDArray[np.uint16]

State = TypeVar("State")


class FrameEncoder(Protocol[State]):
    """Voice to codes."""

    codebooks: int

    def initial_state(self) -> State:
        """The state of a stream that has heard nothing but silence."""
        ...

    def step(self, pcm: Pcm, state: State, codes: Codes) -> State:
        """Hear ``pcm`` (float32 [1920]), write ``codes`` (uint16 [codebooks]); ``state`` must not be used again."""
        ...


class FrameDecoder(Protocol[State]):
    """Codes to voice."""

    codebooks: int

    def initial_state(self) -> State:
        """The state of a stream that has said nothing."""
        ...

    def step(self, codes: Codes, state: State, pcm: Pcm) -> State:
        """Say ``codes`` (uint16 [codebooks], each < 2048) into ``pcm`` (float32 [1920]).

        Raises ValueError for a code of 2048 or more, with the state untouched.
        """
        ...
