"""The bytes of a WAV as frames of float32, for the forms that are plain numbers."""

from __future__ import annotations

from typing import Final

import numpy as np

from visaged.audio.decoders.wav.chunks import FLOAT, PCM, WavFormat
from visaged.audio.pcm import Frames, PcmDecoder

# Tag and bytes of a sample -> its name in ALSA.
_NAMES: Final = {(PCM, 1): "U8", (PCM, 2): "S16_LE", (PCM, 3): "S24_3LE", (PCM, 4): "S32_LE", (FLOAT, 4): "FLOAT_LE"}
_DOUBLE: Final = (FLOAT, 8)


def is_plain(form: WavFormat) -> bool:
    """Whether it is numbers, not a codec."""
    return (form.tag, form.sample_bytes) in (*_NAMES, _DOUBLE) and form.channels > 0


def name_of(form: WavFormat) -> str:
    """For a log."""
    return f"{'float' if form.tag == FLOAT else 'PCM'} {form.sample_bytes * 8}"


class WavSamples:
    """Bytes -> frames, in memory of its own: valid until the next call."""

    def __init__(self, form: WavFormat, max_frames: int) -> None:
        """``form`` is plain."""
        self.frame_bytes = form.frame_bytes
        self._channels = form.channels
        name = _NAMES.get((form.tag, form.sample_bytes))
        self._pcm = None if name is None else PcmDecoder(name, form.channels, max_frames)

    def decode(self, data: bytes) -> Frames:
        """Whole frames, at most ``max_frames``."""
        if self._pcm is not None:
            return self._pcm.decode(data)
        # What no float32 can hold becomes infinite, and is counted as no number further on.
        with np.errstate(over="ignore"):
            return np.frombuffer(data, "<f8").astype(np.float32).reshape(-1, self._channels)
