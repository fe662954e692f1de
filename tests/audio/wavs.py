"""WAV files byte by byte, as programs write them that did not know, or did not care."""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

PCM, FLOAT = 1, 3
Samples = NDArray[np.float32]


def tone(rate_hz: int = 48_000, seconds: float = 0.1, hz: float = 440, channels: int = 1) -> Samples:
    """Float32 [n, channels]: the second channel is quieter than the first, and so on."""
    sine = 0.5 * np.sin(2 * np.pi * hz * np.arange(int(rate_hz * seconds)) / rate_hz)
    return np.stack([sine / (channel + 1) for channel in range(channels)], axis=1).astype(np.float32)


def data_of(frames: Samples, tag: int = PCM, bits: int = 16) -> bytes:
    """Samples as a WAV holds them."""
    if tag == FLOAT:
        return frames.astype(f"<f{bits // 8}").tobytes()
    words = np.rint(frames.astype(np.float64) * (2 ** (bits - 1) - 1)).astype("<i8")
    if bits == 8:
        return (words + 128).astype(np.uint8).tobytes()
    return words.reshape(-1, 1).view(np.uint8)[:, : bits // 8].tobytes()


def chunk(name: bytes, data: bytes, size: int | None = None) -> bytes:
    """A chunk; ``size`` is what it says its length is."""
    length = len(data) if size is None else size
    return name + struct.pack("<I", length & 0xFFFF_FFFF) + data + b"\0" * (len(data) % 2)


def format_chunk(rate_hz: int, channels: int, tag: int = PCM, bits: int = 16, extensible: bool = False) -> bytes:
    """The chunk that says how samples lie."""
    width = channels * bits // 8
    fields = struct.pack("<HHIIHH", 0xFFFE if extensible else tag, channels, rate_hz, rate_hz * width, width, bits)
    if extensible:
        fields += struct.pack("<HHIH", 22, bits, 0, tag) + bytes.fromhex("000000001000800000aa00389b71")
    return chunk(b"fmt ", fields)


def riff(*chunks: bytes, size: int | None = None) -> bytes:
    """The whole file."""
    body = b"WAVE" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body) if size is None else size & 0xFFFF_FFFF) + body


def wav(frames: Samples, rate_hz: int = 48_000, *, tag: int = PCM, bits: int = 16, claimed: int | None = None) -> bytes:
    """A WAV; ``claimed`` is the size that its header tells for the sound."""
    sound = chunk(b"data", data_of(frames, tag, bits), claimed)
    return riff(
        format_chunk(rate_hz, frames.shape[1], tag, bits), sound, size=None if claimed is None else claimed + 36
    )
