"""What every sound source is to the capture thread: open, read blocks with their time, close."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from visaged.audio.channels.watch import ChannelWatch
from visaged.audio.errors import AudioError
from visaged.audio.pcm import Frames


class SourceFormat(NamedTuple):
    """What an open source delivers."""

    rate_hz: int
    channels: int
    block_frames: int
    """Most frames that one block has."""
    description: str
    """For the log: name, rate, sample format."""
    hears_room: bool = True
    """Whether it is a device, on which absolute silence is a fault."""
    mixed: bool = False
    """Whether it averages the channels that the settings name itself."""


class Block(NamedTuple):
    """Sound as delivered, valid until the next read."""

    frames: Frames
    """float32 [n, channels], +-1."""
    end_ns: int
    """CLOCK_MONOTONIC when the instant after its last sample was heard."""


class AudioSource(Protocol):
    """A microphone, a line, a file. All calls come from one thread."""

    name: str
    """Kind and device, for health: ``alsa:default``."""
    notices: list[str]
    """What a person should know about the sound (truncated, ended); the caller logs and removes them."""

    @property
    def fault(self) -> AudioError | None:
        """Why only silence comes, though nothing has ended; None: all is well."""
        ...

    @property
    def channels(self) -> ChannelWatch | None:
        """The channels that it averages itself; None: it averages none, or there is no sound yet."""
        ...

    @property
    def xruns(self) -> int:
        """How often sound was lost because it was not fetched in time. The next block says by its time how much."""
        ...

    def open(self) -> SourceFormat:
        """Start delivering. Raises AudioError; may be called again after ``close``."""
        ...

    def read(self) -> Block | None:
        """The next block, None when there is none yet: returns within about 0.1 s. Raises DeviceLost, OpenAnew."""
        ...

    def close(self) -> None:
        """Release the device; nothing happens when it is not open."""
        ...
