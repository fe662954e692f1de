"""What every decoder of a stream is: mono 48 kHz, each piece as soon as it is there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from visaged.audio.channels.watch import ChannelWatch
from visaged.audio.ring import Sound


class SoundStream(Protocol):
    """The sound of one writer, from its beginning to its end."""

    @property
    def notices(self) -> list[str]:
        """What was odd about it so far: sentences that name the stream."""
        ...

    @property
    def channels(self) -> ChannelWatch | None:
        """How loud its channels are; None: not known yet."""
        ...

    def sounds(self) -> Iterator[Sound]:
        """Float32 [n], one after the other, each in memory of its own. Raises FileUnusable, ChannelMissing."""
        ...
