"""The streaming solver interface: voice in, one pose per frame out, state in and state out."""

from __future__ import annotations

from typing import Final, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from visaged.clock import RATE_HZ
from visaged.curves import Pose

FRAME_RATE_HZ: Final = 60
HOP: Final = RATE_HZ // FRAME_RATE_HZ
"""800 samples: what one step consumes, one 60 fps frame of sound at the internal rate (48 kHz mono float32, +-1)."""

Sound = NDArray[np.float32]

State = TypeVar("State")


class Solver(Protocol[State]):
    """Turns sound into speech curves, one 60 fps frame per step.

    A solver object holds only what never changes (weights, tables, scratch memory); everything that a stream carries
    from step to step is in the state, so a stream can be reset or replayed by starting from ``initial_state``.
    """

    name: str

    @property
    def lookahead_ms(self) -> float:
        """The pose returned by a step belongs to the end of that step's sound minus this, in ms."""
        ...

    def initial_state(self) -> State:
        """The state of a stream that has heard nothing but silence."""
        ...

    def step(self, sound: Sound, state: State, pose: Pose) -> State:
        """Hear ``sound`` (float32 [800], 48 kHz), write the speech curves into ``pose`` (float32 [61]).

        Returns the new state; the one passed in must not be used again. ``sound`` is finite (the ring guards it).
        """
        ...
