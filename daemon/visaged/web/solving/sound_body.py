"""What the bytes of a request are: a sound file, or PCM without a header as NeuroSync's own programs send it.

The original takes whatever it cannot decode for 16-bit PCM at 22,050 Hz, so a web page becomes a twitching mouth. Here
undeclared bytes must look like sound: neighbouring samples of a voice are alike, those of text and archives are not.
"""

from __future__ import annotations

import re
from typing import Final

import numpy as np
from pydantic import BaseModel, Field

from visaged.file_kind import HEAD_BYTES, kind_of

ORIGINAL_RATE_HZ: Final = 22_050
_LEAST_ALIKE: Final = 0.4
_LEAST_SAMPLES: Final = 256
_DECLARED: Final = re.compile(r"audio/(l16|pcm|x-raw|x-pcm)", re.IGNORECASE)
_RIFF: Final = (b"RIFF", b"RF64", b"RIFX")


class PcmForm(BaseModel):
    """Samples without a header: signed 16 bits, little-endian."""

    rate_hz: int = Field(ge=4000, le=384_000)
    channels: int = Field(default=1, ge=1, le=8)


def pcm_form(head: bytes, content_type: str, rate_hz: int | None, channels: int | None) -> PcmForm | None:
    """How to read a body that begins with ``head``; None: as a file. ``rate_hz``, ``channels``: what the asker says."""
    if rate_hz is not None or _DECLARED.fullmatch(content_type):
        return PcmForm(rate_hz=rate_hz or ORIGINAL_RATE_HZ, channels=channels or 1)
    if head.startswith(_RIFF) or (any(head[:HEAD_BYTES]) and kind_of(head[:HEAD_BYTES]) is not None):
        return None
    return PcmForm(rate_hz=ORIGINAL_RATE_HZ) if _is_like_sound(head) else None


def _is_like_sound(head: bytes) -> bool:
    samples = np.frombuffer(head, "<i2", len(head) // 2).astype(np.float64)
    if len(samples) < _LEAST_SAMPLES or _is_text(head):
        return False
    samples -= samples.mean()
    power = float(samples @ samples)
    return power > 0 and float(samples[1:] @ samples[:-1]) / power > _LEAST_ALIKE


def _is_text(head: bytes) -> bool:
    plain = sum(1 for byte in head[:4096] if 32 <= byte < 127 or byte in (9, 10, 13))
    return plain > 0.9 * len(head[:4096])
