"""From what a frame of sound measures to what the mouth would do for it: the energy solver's idea of phonetics.

Openness follows the level of the vowel band, the height of the jaw F1, the lips F2 (Fant 1960; the vowel triangle of
Peterson & Barney 1952). Amplitudes keep within the ranges of recorded faces.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from visaged.curves import INDEX


class Sounding(NamedTuple):
    """One frame of sound, measured and normalised."""

    relative_db: float
    """Vowel band against this voice's stressed vowels."""
    above_floor_db: float
    """Vowel band against the room."""
    hiss_db: float
    """1.8 - 10 kHz against 0.1 - 1 kHz: +8 and more in s and sh, -10 and less in vowels."""
    hush_db: float
    """1.8 - 3 kHz against 3.5 - 10 kHz: about +3 in sh, -20 in s, 0 in f and th."""
    hiss_above_floor_db: float
    """1.8 - 10 kHz against the room."""
    f1_hz: float
    f2_hz: float


class MouthGesture(NamedTuple):
    """What the mouth does, each 0..1."""

    open: float
    shut: float
    """How much this sounds like shut lips; means something only while somebody speaks."""
    high: float
    """Jaw height by F1: 0 for i and u, 1 for a."""
    round: float
    spread: float
    hiss: float
    hush: float
    """How much of the hiss is sh (lips forward)."""
    lip: float
    """How much of the hiss is f (lower lip under the teeth); the rest is s (teeth together, lips apart)."""


def ramp(value: float, low: float, high: float) -> float:
    """0 at ``low``, 1 at ``high`` (which may be the smaller), straight in between."""
    return min(max((value - low) / (high - low), 0.0), 1.0)


def gesture(sound: Sounding) -> MouthGesture:
    """The mouth for one frame of sound."""
    heard = ramp(sound.above_floor_db, 4, 12)
    hissing = ramp(sound.hiss_db, -3, 6)
    # s and sh are strong; f, v and th are not, and their spectrum is flat.
    strong = ramp(sound.relative_db, -18, -10)
    # Vowels reach down to -10 dB in unstressed syllables; nasals and voiced stops lie from -14 dB down.
    loud = ramp(sound.relative_db, -20, -4)
    hiss = hissing * ramp(sound.hiss_above_floor_db, 8, 20)
    # Lips shut: a stop is near silence; the murmur of m (and, alas, n) is less weak, but dull. v and dh are not.
    stopped = ramp(sound.relative_db, -27, -34)
    hummed = ramp(sound.relative_db, -13, -19) * ramp(sound.hiss_db, -16, -26)
    return MouthGesture(
        open=heard * loud * (1 - hissing),
        shut=max(stopped, hummed) * (1 - hiss),
        high=ramp(math.log(sound.f1_hz), math.log(320), math.log(780)),
        round=ramp(sound.f2_hz, 1350, 900) * ramp(sound.f1_hz, 780, 560),
        spread=ramp(sound.f2_hz, 1650, 2250),
        hiss=hiss,
        hush=ramp(sound.hush_db, -9, -1) * strong,
        lip=ramp(sound.hush_db, -12, -5) * (1 - strong),
    )


# What is driven; the order of the vectors below.
DRIVEN: Final = (
    *("JawOpen", "MouthFunnel", "MouthPucker", "MouthSmileLeft", "MouthSmileRight"),
    *("MouthStretchLeft", "MouthStretchRight", "MouthRollLower", "MouthRollUpper", "MouthShrugUpper"),
    *("MouthPressLeft", "MouthPressRight", "MouthLowerDownLeft", "MouthLowerDownRight"),
    *("MouthUpperUpLeft", "MouthUpperUpRight", "MouthDimpleLeft", "MouthDimpleRight"),
)
DRIVEN_INDICES: Final[NDArray[np.intp]] = np.array([INDEX[name] for name in DRIVEN], np.intp)
JAW: Final = 0


def set_targets(mouth: MouthGesture, speaking: float, closure: float, targets: NDArray[np.float64]) -> None:
    """Write where the curves of ``DRIVEN`` should go.

    ``speaking``: how much this is the midst of speech, where the mouth does not rest between sounds; ``closure``: how
    much the lips are shut on a consonant; both 0..1.
    """
    opened, parted = mouth.open, 1 - closure
    narrow = mouth.hiss * parted
    rounding = mouth.round * opened
    spreading = mouth.spread * opened
    hushing = narrow * mouth.hush
    biting = narrow * mouth.lip
    jaw = (0.05 * speaking + opened * (0.06 + 0.34 * mouth.high)) * (1 - 0.3 * mouth.hiss)
    apart = 0.05 * speaking + 0.10 * opened * (1 + mouth.high) * (1 - 0.6 * mouth.round)
    lower_down = parted * (apart + 0.16 * (narrow - biting) + 0.08 * spreading)
    upper_up = parted * (0.4 * apart * (1 - mouth.round) + 0.06 * narrow + 0.05 * spreading)
    smile = 0.10 * spreading
    stretch = 0.16 * spreading + 0.10 * (narrow - hushing - biting)
    press = 0.12 * closure
    dimple = 0.06 * spreading
    targets[:] = (
        jaw * (1 - 0.5 * closure),
        0.34 * rounding * (0.4 + 0.6 * mouth.high) + 0.22 * hushing,
        0.32 * rounding * (1 - mouth.high) + 0.08 * hushing,
        smile,
        smile,
        stretch,
        stretch,
        0.16 * max(closure, biting),
        0.05 * closure,
        0.05 * opened + 0.06 * closure,
        press,
        press,
        lower_down,
        lower_down,
        upper_up,
        upper_up,
        dimple,
        dimple,
    )
