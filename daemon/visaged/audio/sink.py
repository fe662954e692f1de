"""What every sound output is to the playback thread: open, wait for room, write, close."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from visaged.audio.ring import Sound


class SinkFormat(NamedTuple):
    """What an open sink takes."""

    rate_hz: int
    block_frames: int
    """Frames of every block written."""
    description: str


class Queued(NamedTuple):
    """What a device still holds."""

    frames: int
    """Frames that sound before what is written next."""
    time_ns: int
    """CLOCK_MONOTONIC at which that was so."""


class Sink(Protocol):
    """A speaker or line. All calls come from one thread."""

    name: str
    """Kind and device, for health: ``alsa:default``."""
    underruns: int
    """How often the device ran dry. It is then empty: what is written next sounds at once."""

    def open(self) -> SinkFormat:
        """Take the device. Raises AudioError; may be called again after ``close``."""
        ...

    def wait(self) -> Queued | None:
        """Wait up to about 0.1 s for room for a block; None when there is none yet.

        Raises DeviceLost, OpenAnew.
        """
        ...

    def write(self, sound: Sound) -> None:
        """Give float32 [block_frames], mono; every channel plays it. Only after ``wait`` said there is room.

        Raises DeviceLost.
        """
        ...

    def close(self) -> None:
        """Release the device; nothing happens when it is not open."""
        ...
