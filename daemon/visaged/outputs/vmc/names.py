"""What a face is called in VMC: four sets of names, each with its formula from the 61 curves.

``pascal``: the 52 shapes as Perfect Sync clips of VRM 0 models (``JawOpen``). ``camel``: as ARKit writes them
(``jawOpen``). ``vrm0``: the presets A I U E O, Blink, Joy … ``vrm1``: aa ih ou ee oh, blink, happy … A model without
Perfect Sync needs one of the last two. Only one set is sent: two would move the same mouth twice.
Names are case sensitive (VMC specification, Reference; VRM 0 and 1 specifications of the presets).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Literal

from visaged.outputs.arkit import SHAPE, SHAPES, camel

Names = Literal["pascal", "camel", "vrm0", "vrm1"]

Pose = Sequence[float]
"""The 61 curves."""

Mood = tuple[float, float]
"""Valence and arousal of the box, -1..1."""

_VRM0: Final = ("A", "I", "U", "E", "O", "Blink", "Blink_L", "Blink_R", "Joy", "Angry", "Sorrow", "Fun")
_VRM1: Final = (
    *("aa", "ih", "ou", "ee", "oh", "blink", "blinkLeft", "blinkRight", "happy", "angry", "sad", "relaxed"),
)

_OPEN, _FUNNEL, _PUCKER = SHAPE["JawOpen"], SHAPE["MouthFunnel"], SHAPE["MouthPucker"]
_CLOSE = SHAPE["MouthClose"]
_WIDE: Final = tuple(SHAPE[name] for name in ("MouthStretchLeft", "MouthStretchRight"))
_SMILE: Final = tuple(SHAPE[name] for name in ("MouthSmileLeft", "MouthSmileRight"))
_BLINK_LEFT, _BLINK_RIGHT = SHAPE["EyeBlinkLeft"], SHAPE["EyeBlinkRight"]

# A vowel's preset is the full vowel; the jaw of ours opens to about 0.45 in it.
_FULL_JAW: Final = 0.45


def names_of(names: str) -> tuple[str, ...]:
    """The names of a set, in the order of its values."""
    if names == "pascal":
        return SHAPES
    if names == "camel":
        return tuple(camel(name) for name in SHAPES)
    return _VRM0 if names == "vrm0" else _VRM1


def values_of(names: str) -> Callable[[Pose, Mood], Sequence[float]]:
    """The formula of a set: values 0..1 in the order of its names."""
    return _shapes if names in ("pascal", "camel") else _presets


def _shapes(pose: Pose, mood: Mood) -> Sequence[float]:
    return pose[: len(SHAPES)]


def _presets(pose: Pose, mood: Mood) -> Sequence[float]:
    return (*_vowels(pose), *_blinks(pose), *_moods(*mood))


def _vowels(pose: Pose) -> tuple[float, float, float, float, float]:
    """A I U E O: how far the mouth is open, shared out by how round and how wide it is. Their sum is at most 1."""
    opened = _clip((pose[_OPEN] - pose[_CLOSE]) / _FULL_JAW)
    rounded = _clip(pose[_FUNNEL] + pose[_PUCKER])
    wide = _clip(0.5 * (sum(pose[i] for i in _WIDE) + sum(pose[i] for i in _SMILE)))
    wide *= 1 - rounded
    # Round lips move a closed mouth, too; wide ones by half.
    size = max(opened, rounded, 0.5 * wide)
    rest = 1 - rounded - wide
    return (
        size * rest,
        size * wide * (1 - opened),
        size * rounded * (1 - opened),
        size * wide * opened,
        size * rounded * opened,
    )


def _blinks(pose: Pose) -> tuple[float, float, float]:
    """Blink for both, then what each eye closes further."""
    left, right = pose[_BLINK_LEFT], pose[_BLINK_RIGHT]
    both = min(left, right)
    return both, left - both, right - both


def _moods(valence: float, arousal: float) -> tuple[float, float, float, float]:
    """Joy, Angry, Sorrow, Fun: the quarters of the circle of valence and arousal, each 0..1."""
    glad, sorry, awake, calm = max(valence, 0.0), max(-valence, 0.0), max(arousal, 0.0), max(-arousal, 0.0)
    share = awake / (awake + calm) if awake + calm else 0.5
    return glad * share, sorry * share, sorry * (1 - share), glad * (1 - share)


def _clip(value: float) -> float:
    return min(max(value, 0.0), 1.0)
