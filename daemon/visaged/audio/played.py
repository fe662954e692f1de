"""What the speaker played, and when: for whoever must tell its echo from what the room says."""

from __future__ import annotations

import numpy as np

from visaged.audio.ring import AudioRing, Overwritten, Sound
from visaged.clock import RATE_HZ, Timeline


class PlayedPositions:
    """The output thread writes; any thread may ask ``at``."""

    def __init__(self) -> None:
        self._ring = AudioRing(2.0)
        self._timeline = Timeline()
        self._owed = 0.0

    def write(self, mix: Sound, start_ns: float, rate_hz: int) -> None:
        """``mix`` (float32 [n] at ``rate_hz``) leaves the speaker from ``start_ns`` on."""
        if rate_hz != RATE_HZ:
            mix = self._at_house_rate(mix, rate_hz)
        self._timeline.observe(self._ring.end, round(start_ns))
        self._ring.write(mix)

    def at(self, time_ns: float | None, out: Sound) -> None:
        """What left the speaker from ``time_ns`` on, into ``out`` (float32 [n], 48 kHz); silence where nothing did."""
        out[:] = 0
        index = None if time_ns is None else self._timeline.index_at(time_ns)
        if index is None or index < 0:
            return
        try:
            self._ring.read(round(index), out)
        except Overwritten:
            out[:] = 0

    def _at_house_rate(self, mix: Sound, rate_hz: int) -> Sound:
        # Straight lines between the samples: an echo is found by them as well, and nobody hears them.
        wanted = len(mix) * RATE_HZ / rate_hz + self._owed
        count = int(wanted)
        self._owed = wanted - count
        return np.interp(np.arange(count) * len(mix) / max(count, 1), np.arange(len(mix)), mix).astype(np.float32)
