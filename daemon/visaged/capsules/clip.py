"""A clip: a capsule that is ready to be shown, its tensors where the animator can read them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visaged.capsules.file.capsule import Capsule, Curves, Pcm
from visaged.capsules.file.header import Header


@dataclass(frozen=True)
class Clip:
    """Read-only. While it is leased from the cache its memory is neither moved nor written."""

    header: Header
    key: str
    """SHA-256 of the capsule file; '' for what needs no cache (cues)."""
    curves: Curves | None = None
    """float16 [T, 61] at 60 fps."""
    mask: NDArray[np.float32] | None = None
    """float32 [61], 1 where the clip takes part; None: everywhere."""
    pcm: Pcm | None = None
    """int16, 24 kHz mono."""


def mask_of(capsule: Capsule) -> NDArray[np.float32] | None:
    """The mask as the factor that blending multiplies by."""
    return None if capsule.mask is None else capsule.mask.astype(np.float32)
