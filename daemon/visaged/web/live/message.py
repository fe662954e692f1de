"""A pose on a WebSocket. This file is the specification of the binary messages of /stream/face and /stream/audio.

Little-endian, 138 bytes: float64 media time in s, float64 show time in s, 61 float16 curves in the order of Live Link
Face (``names`` in the first message). On /stream/face both times are of the box's monotonic clock: when the sound that
the pose shows was heard (0: it shows none), and when its packet is sent. On /stream/audio both are the position in the
sound that the client sent.
"""

from __future__ import annotations

import struct
from typing import Final

import numpy as np
from numpy.typing import NDArray

from visaged.clock import NS_PER_S
from visaged.curves import COUNT

_TIMES: Final = struct.Struct("<dd")
MESSAGE_BYTES: Final = _TIMES.size + 2 * COUNT


def encode(media_time_ns: int, show_time_ns: int, curves: NDArray[np.float32]) -> bytes:
    """``curves`` [61]."""
    return _TIMES.pack(media_time_ns / NS_PER_S, show_time_ns / NS_PER_S) + curves.astype("<f2").tobytes()


def decode(message: bytes) -> tuple[float, float, NDArray[np.float32]]:
    """Media time in s, show time in s, curves [61]. Raises ValueError when it is no such message."""
    if len(message) != MESSAGE_BYTES:
        raise ValueError(f"expected {MESSAGE_BYTES} bytes, got {len(message)}")
    media_s, show_s = _TIMES.unpack_from(message)
    return media_s, show_s, np.frombuffer(message, "<f2", COUNT, _TIMES.size).astype(np.float32)
