"""Floats that are not +-1: some programs write the numbers of 16, 24 or 32 bits as they are."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

# Masters go beyond +-1 by up to 24 dB; what is louder was never meant so.
_LOUDEST: Final = 16.0
# Of 16 bits, a voice this quiet (-42 dBFS) is not worth the risk of taking it for something else.
_FAINTEST: Final = 256.0
# Up to twice full scale, for resampled sound overshoots.
_SCALES: Final = tuple((2.0**bits, 2.0 ** -(bits - 1)) for bits in (16, 24, 32))


class NoScale(ValueError):
    """Samples that are neither +-1 nor the numbers of a converter; says how far they go, to follow "it has"."""


def scale_of(peak: float) -> float:
    """What samples with this peak are to be multiplied by. Raises NoScale."""
    if peak <= _LOUDEST:
        return 1.0
    for largest, scale in _SCALES:
        if _FAINTEST < peak <= largest:
            return scale
    raise NoScale(f"float samples up to {peak:.3g}; accepted: up to 1, or as numbers of 16, 24 or 32 bits")


def peak_of(samples: NDArray[np.floating]) -> float:
    """The largest sample that is a number."""
    sizes = np.abs(samples)
    return float(np.max(sizes, initial=0.0, where=np.isfinite(sizes)))


def are_whole(samples: NDArray[np.floating]) -> bool:
    """Whether these are the numbers of a converter: whole, and more than silence."""
    return peak_of(samples) > 1 and bool(np.all(samples == np.rint(samples)))


class FloatScale:
    """Finds the scale of floats while they come, of which nobody knows how far they will go."""

    def __init__(self) -> None:
        self.scale = 1.0

    def apply(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """The samples at +-1. Raises NoScale."""
        if self.scale == 1:
            # Whole numbers from the first on are those of 16 bits, however quiet it begins.
            peak = peak_of(samples)
            self.scale = scale_of(max(peak, _FAINTEST + 1) if are_whole(samples) else peak)
        if self.scale == 1:
            return samples
        scaled: NDArray[np.float32] = samples * np.float32(self.scale)
        return scaled


def described(scale: float) -> str:
    """A sentence for a person."""
    return f"its float samples go up to {1 / scale:.0f}: scaled to +-1"
