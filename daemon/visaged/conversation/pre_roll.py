"""The sound just before the guest was noticed: a detector needs a moment, and the first consonant comes before it."""

from __future__ import annotations

from collections import deque

from visaged.conversation.brains.protocol import Pcm


class PreRoll:
    """The newest ``most`` blocks. One thread."""

    def __init__(self, most: int) -> None:
        self._blocks: deque[Pcm] = deque(maxlen=most)

    def put(self, block: Pcm) -> None:
        """Remember it."""
        self._blocks.append(block)

    def take(self) -> list[Pcm]:
        """All of it, once."""
        blocks = list(self._blocks)
        self._blocks.clear()
        return blocks
