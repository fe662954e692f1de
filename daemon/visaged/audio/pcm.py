"""Sample formats: bytes as a sound device delivers and takes them <-> float32 +-1."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Frames = NDArray[np.float32]
"""float32 [frames, channels], +-1."""

SAMPLE_BYTES: Final[dict[str, int]] = {
    "S32_LE": 4,
    "S24_3LE": 3,
    "S24_LE": 4,
    "FLOAT_LE": 4,
    "S16_LE": 2,
    "U8": 1,
}
"""Formats understood, best first, by their ALSA names. S24_LE: 24 bits in the low bytes of a 32-bit word."""

# Full scale of the integers; -1.0 is the most negative one.
_SCALE_32: Final = np.float32(1 / 2**31)
_SCALE_16: Final = np.float32(1 / 2**15)
_SCALE_8: Final = np.float32(1 / 2**7)


class PcmDecoder:
    """Bytes -> frames, into memory of its own: what ``decode`` returns is valid until the next call."""

    def __init__(self, sample_format: str, channels: int, max_frames: int) -> None:
        """``sample_format`` is a key of SAMPLE_BYTES; KeyError otherwise."""
        self.frame_bytes = SAMPLE_BYTES[sample_format] * channels
        self._format = sample_format
        self._channels = channels
        self._out: NDArray[np.float32] = np.zeros(max_frames * channels, np.float32)
        self._words = np.zeros(max_frames * channels, "<i4")

    def decode(self, data: bytes | memoryview) -> Frames:
        """Interleaved ``data`` (whole frames, at most ``max_frames``) as float32 [frames, channels]."""
        count = len(data) // self.frame_bytes * self._channels
        out = self._out[:count]
        if self._format == "S16_LE":
            np.multiply(np.frombuffer(data, "<i2", count), _SCALE_16, out=out)
        elif self._format == "FLOAT_LE":
            out[:] = np.frombuffer(data, "<f4", count)
        elif self._format == "U8":
            np.subtract(np.frombuffer(data, np.uint8, count), np.float32(128), out=out)
            out *= _SCALE_8
        else:
            np.multiply(self._read_words(data, count), _SCALE_32, out=out, casting="same_kind")
        return out.reshape(-1, self._channels)

    def _read_words(self, data: bytes | memoryview, count: int) -> NDArray[np.int32]:
        """The samples as 32-bit words, most significant bit at the top."""
        if self._format == "S32_LE":
            return np.frombuffer(data, "<i4", count)
        words = self._words[:count]
        if self._format == "S24_LE":
            np.left_shift(np.frombuffer(data, "<i4", count), 8, out=words)
        else:
            words.view(np.uint8).reshape(-1, 4)[:, 1:] = np.frombuffer(data, np.uint8, count * 3).reshape(-1, 3)
        return words


def encode(frames: Frames, sample_format: str) -> bytes:
    """Float32 [frames, channels] as interleaved bytes, clamped to +-1. ``sample_format`` as in SAMPLE_BYTES."""
    samples = np.clip(frames, -1.0, 1.0)
    if sample_format == "FLOAT_LE":
        return samples.astype("<f4").tobytes()
    if sample_format == "S16_LE":
        return _whole(samples * 32767.0, "<i2").tobytes()
    if sample_format == "U8":
        return _whole(samples * 127.0 + 128.0, "u1").tobytes()
    # float64: a float32 has too few bits for 2**31 - 1.
    words = _whole(samples.astype(np.float64) * (2**31 - 1), "<i4")
    if sample_format == "S32_LE":
        return words.tobytes()
    if sample_format == "S24_LE":
        return (words >> 8).tobytes()
    if sample_format == "S24_3LE":
        return words.reshape(-1).view(np.uint8).reshape(-1, 4)[:, 1:].tobytes()
    raise KeyError(sample_format)


def _whole(samples: NDArray[np.floating[Any]], dtype: str) -> NDArray[Any]:
    return np.ascontiguousarray(np.rint(samples)).astype(dtype)
