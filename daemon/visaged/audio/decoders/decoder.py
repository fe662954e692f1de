"""What every decoder of a sound file is: its form, and frames one after the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Protocol

from visaged.audio.pcm import Frames

RATES_HZ: Final = range(4_000, 384_001)
"""Beyond these it is not a voice that was recorded, but a header that was damaged."""


@dataclass(frozen=True)
class SoundForm:
    """What a sound file holds."""

    rate_hz: int
    channels: int
    frames: int | None
    """How many there are, as far as that is known before the end is met."""
    description: str
    """Format and sample format, for a log."""


@dataclass
class Notes:
    """What is odd about a sound, and found out while it is read."""

    truncated: bool = False
    """There is less in it than its header says."""
    said: list[str] = field(default_factory=list)
    """Sentences for a person, without the name of the file: "its ... "."""

    def say(self, sentence: str) -> None:
        """Add ``sentence``, once."""
        if sentence not in self.said:
            self.said.append(sentence)


class NoSound(ValueError):
    """There is nothing to be heard in the file."""


class Decoder(Protocol):
    """Reads forward. Not paced: as fast as it is asked."""

    form: SoundForm
    notes: Notes

    def read(self, out: Frames) -> int:
        """Fill ``out`` (float32 [n, channels], +-1); returns how many frames, fewer than ``len(out)`` at the end."""
        ...

    def rewind(self) -> None:
        """Start again at the first frame."""
        ...

    def close(self) -> None:
        """Release the file."""
        ...
