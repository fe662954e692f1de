"""The voice of a peer: says codes frame by frame at their time, and between speeches that it is there."""

from __future__ import annotations

import secrets
from collections import deque
from typing import Final

import numpy as np

from visaged.codec.down.playout import FRAME_NS
from visaged.codec.frame_codec import Codes
from visaged.codec.frames import SEQUENCES, CodecMessage

# Once a second, in frames; and the end of speech in this many, for one may be lost.
_ALIVE_EVERY: Final = 12
_END_TOLD: Final = 3
# A process that was held up this long goes on in the present.
_STALL_NS: Final = 5 * FRAME_NS


class Talker:
    """One stream. Its frames lie on a grid of 80 ms from ``origin_ns`` on; the caller brings the time."""

    def __init__(self, codebooks: int, origin_ns: int) -> None:
        self.stream_id = secrets.randbits(32)
        self.said = 0
        """Frames said."""
        self._origin_ns = origin_ns
        self._nothing = np.zeros((0, codebooks), np.uint16)
        self._waiting: deque[tuple[Codes, bool]] = deque()  # a frame, and whether a speech begins with it
        self._next = 0
        self._quiet = 0

    @property
    def speaking(self) -> bool:
        """Whether there is something to say."""
        return bool(self._waiting)

    @property
    def next_ns(self) -> int:
        """When the next frame is due."""
        return self._origin_ns + self._next * FRAME_NS

    def say(self, codes: Codes) -> None:
        """Say ``codes`` (uint16 [n, codebooks]) after what waits."""
        self._waiting.extend((frame, number == 0) for number, frame in enumerate(codes))

    def be_silent(self) -> None:
        """Forget what waits."""
        self._waiting.clear()

    def due(self, now_ns: int) -> list[CodecMessage]:
        """What is to be sent by ``now_ns``."""
        messages = []
        if now_ns - self.next_ns > _STALL_NS:
            self._next = (now_ns - self._origin_ns) // FRAME_NS
        while self.next_ns <= now_ns:
            message = self._say_next()
            if message is not None:
                messages.append(message)
            self._next += 1
        return messages

    def _say_next(self) -> CodecMessage | None:
        sequence = self._next % SEQUENCES
        if self._waiting:
            codes, begins = self._waiting.popleft()
            self.said += 1
            self._quiet = 0
            return CodecMessage(self.stream_id, sequence, codes[None, :], True, begins)
        self._quiet += 1
        if self._quiet <= _END_TOLD or self._quiet % _ALIVE_EVERY == 0:
            return CodecMessage(self.stream_id, sequence, self._nothing, speech=False)
        return None
