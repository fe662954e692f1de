"""The 61 ARKit curves: their order on the wire, their regions, their legal range.

A *pose* is a float32 vector [61] in this order. The 52 shapes are 0..1; the nine angles (head and eyeballs) are
-1..1 in Live Link's normalised units. Order: ``EARFaceBlendShape`` (Unreal Engine, ``ARTrackable.h``).
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

Pose = NDArray[np.float32]
"""One face: float32 [61], in the order of ``CURVES``."""

_WIRE_ORDER: Final = (
    ("eyes", "EyeBlinkLeft EyeLookDownLeft EyeLookInLeft EyeLookOutLeft EyeLookUpLeft EyeSquintLeft EyeWideLeft"),
    (
        "eyes",
        "EyeBlinkRight EyeLookDownRight EyeLookInRight EyeLookOutRight EyeLookUpRight EyeSquintRight EyeWideRight",
    ),
    ("jaw", "JawForward JawLeft JawRight JawOpen"),
    ("mouth", "MouthClose MouthFunnel MouthPucker MouthLeft MouthRight MouthSmileLeft MouthSmileRight"),
    ("mouth", "MouthFrownLeft MouthFrownRight MouthDimpleLeft MouthDimpleRight MouthStretchLeft MouthStretchRight"),
    ("mouth", "MouthRollLower MouthRollUpper MouthShrugLower MouthShrugUpper MouthPressLeft MouthPressRight"),
    ("mouth", "MouthLowerDownLeft MouthLowerDownRight MouthUpperUpLeft MouthUpperUpRight"),
    ("brows", "BrowDownLeft BrowDownRight BrowInnerUp BrowOuterUpLeft BrowOuterUpRight"),
    ("cheeks", "CheekPuff CheekSquintLeft CheekSquintRight"),
    ("nose", "NoseSneerLeft NoseSneerRight"),
    ("tongue", "TongueOut"),
    ("head", "HeadYaw HeadPitch HeadRoll"),
    ("eyeballs", "LeftEyeYaw LeftEyePitch LeftEyeRoll RightEyeYaw RightEyePitch RightEyeRoll"),
)

CURVES: Final[tuple[str, ...]] = tuple(name for _, names in _WIRE_ORDER for name in names.split())
"""Curve names; the position is the index in a pose and on the wire."""

COUNT: Final = len(CURVES)
SHAPE_COUNT: Final = 52
"""Indices below this are shapes (0..1); from here on they are angles (-1..1)."""

INDEX: Final[dict[str, int]] = {name: index for index, name in enumerate(CURVES)}

REGIONS: Final[dict[str, tuple[int, ...]]] = {
    region: tuple(INDEX[name] for r, names in _WIRE_ORDER if r == region for name in names.split())
    for region, _ in _WIRE_ORDER
}
"""Region name -> indices of its curves. Every curve is in exactly one region."""

MINIMUM: Final[Pose] = np.where(np.arange(COUNT) < SHAPE_COUNT, 0.0, -1.0).astype(np.float32)
MAXIMUM: Final[Pose] = np.ones(COUNT, np.float32)
MINIMUM.flags.writeable = MAXIMUM.flags.writeable = False


def neutral() -> Pose:
    """A new all-zero pose: the face at rest."""
    return np.zeros(COUNT, np.float32)


def all_finite(pose: Pose) -> bool:
    """Whether every value is a number of a sensible size: one product in place of a test of each, at every tick."""
    return math.isfinite(np.dot(pose, pose))


def make_legal(pose: Pose) -> bool:
    """Clamp ``pose`` in place to its range and put 0 where it is not finite; returns whether all was finite."""
    finite = all_finite(pose)
    if not finite:
        np.nan_to_num(pose, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
    np.maximum(pose, MINIMUM, out=pose)
    np.minimum(pose, MAXIMUM, out=pose)
    return finite


def indices(name: str) -> tuple[int, ...]:
    """Indices of a curve or of a region. Raises KeyError with what is accepted."""
    if name in INDEX:
        return (INDEX[name],)
    if name in REGIONS:
        return REGIONS[name]
    raise KeyError(f"'{name}' is neither a curve (JawOpen, MouthSmileLeft, …) nor a region ({', '.join(REGIONS)})")
