"""Any rate -> 48 kHz, block by block, with soxr's streaming resampler.

Live sound wants the resampler that holds back least. soxr's usual stages work through FFT blocks: at most rates their
output comes in bursts, up to tens of ms late. Two of its modes do not burst, each at some rates only: LQ (polyphase at
44.1 and 22.05 kHz: 0.5 and 0.9 ms) and variable rate (constant 240 input samples: 2.5 ms at 96 kHz, 7.5 at 32 kHz, 15
at 16 kHz). Both keep noise and images 100 dB down; LQ's pass band ends at 16 kHz of 44.1, above anything that
tells one mouth shape from another. Which of them is quicker at a rate is measured at opening rather than assumed:
it costs 2 ms, once. Sound read from a file can be read ahead, so there the best quality is free.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import soxr

from visaged.audio.ring import Sound
from visaged.clock import NS_PER_S, RATE_HZ

_LIVE_MODES: Final = (("LQ", False), ("HQ", True))
# Long enough that every mode has reached its rhythm: LQ's slowest burst at 8 kHz comes every 80 ms.
_PROBE_MS: Final = 600


class Resampler:
    """One stream of mono float32 at ``rate_hz`` -> 48 kHz. At 48 kHz blocks pass through untouched."""

    def __init__(self, rate_hz: int, block_frames: int, *, live: bool) -> None:
        """``live``: choose the mode that holds back least for blocks of ``block_frames``, else the best quality."""
        self.rate_hz = rate_hz
        self._stream: soxr.ResampleStream | None = None
        self.latency_ms = 0.0
        """How long a sample is held back at most, in ms."""
        self._in = self._out = 0
        if rate_hz == RATE_HZ:
            return
        modes = _LIVE_MODES if live else (("HQ", False),)
        streams = [soxr.ResampleStream(rate_hz, RATE_HZ, 1, "float32", quality, vr=vr) for quality, vr in modes]
        latencies = [_measured_latency_ms(stream, rate_hz, block_frames) for stream in streams]
        self.latency_ms = min(latencies)
        self._stream = streams[latencies.index(self.latency_ms)]

    def push(self, block: Sound, *, last: bool = False) -> Sound:
        """Take float32 [n] at ``rate_hz``, return what is ready at 48 kHz; ``last`` lets out what is held back."""
        if self._stream is None:
            return block
        ready: Sound = self._stream.resample_chunk(block, last)
        self._in += len(block)
        self._out += len(ready)
        return ready

    @property
    def held_ns(self) -> int:
        """How far the end of what came out lies behind the end of what went in, in ns."""
        if self._stream is None:
            return 0
        return self._in * NS_PER_S // self.rate_hz - self._out * NS_PER_S // RATE_HZ

    def clear(self) -> None:
        """Start a fresh stream."""
        if self._stream is not None:
            self._stream.clear()
        self._in = self._out = 0


def _measured_latency_ms(stream: soxr.ResampleStream, rate_hz: int, block_frames: int) -> float:
    """The longest that ``stream`` holds a sample back at blocks of ``block_frames``; leaves it cleared."""
    silence = np.zeros(block_frames, np.float32)
    blocks = -(-_PROBE_MS * rate_hz // (1000 * block_frames))
    out, worst = 0, 0.0
    for number in range(1, blocks + 1):
        out += len(stream.resample_chunk(silence))
        worst = max(worst, number * block_frames / rate_hz - out / RATE_HZ)
    stream.clear()
    return worst * 1000
