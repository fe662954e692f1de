"""What the solver stage needs of the sound it listens to; ``audio.ring.AudioRing`` is one."""

from __future__ import annotations

from typing import Protocol

from visaged.face.solver import Sound


class SoundSource(Protocol):
    """Mono float32 at 48 kHz, addressed by an absolute sample index that only grows. Any thread may ask."""

    @property
    def end(self) -> int:
        """The index one past the newest sample."""
        ...

    @property
    def oldest(self) -> int:
        """The smallest index that can still be read."""
        ...

    def wait(self, index: int, timeout_s: float) -> bool:
        """Wait until ``end >= index``; False when it took longer than ``timeout_s``."""
        ...

    def read(self, start: int, out: Sound) -> int:
        """Copy samples from ``start`` on into ``out`` (float32 [n]); returns how many were there.

        Raises LookupError when ``start`` is no longer there.
        """
        ...
