"""The 52 shapes and nine angles as the sender's process needs them: without numpy, which ``visaged.curves`` imports.

tests/outputs/test_arkit.py holds the two against each other.
"""

from __future__ import annotations

from typing import Final

# fmt: off
SHAPES: Final[tuple[str, ...]] = (
    "EyeBlinkLeft", "EyeLookDownLeft", "EyeLookInLeft", "EyeLookOutLeft", "EyeLookUpLeft", "EyeSquintLeft",
    "EyeWideLeft", "EyeBlinkRight", "EyeLookDownRight", "EyeLookInRight", "EyeLookOutRight", "EyeLookUpRight",
    "EyeSquintRight", "EyeWideRight", "JawForward", "JawLeft", "JawRight", "JawOpen", "MouthClose", "MouthFunnel",
    "MouthPucker", "MouthLeft", "MouthRight", "MouthSmileLeft", "MouthSmileRight", "MouthFrownLeft",
    "MouthFrownRight", "MouthDimpleLeft", "MouthDimpleRight", "MouthStretchLeft", "MouthStretchRight",
    "MouthRollLower", "MouthRollUpper", "MouthShrugLower", "MouthShrugUpper", "MouthPressLeft", "MouthPressRight",
    "MouthLowerDownLeft", "MouthLowerDownRight", "MouthUpperUpLeft", "MouthUpperUpRight", "BrowDownLeft",
    "BrowDownRight", "BrowInnerUp", "BrowOuterUpLeft", "BrowOuterUpRight", "CheekPuff", "CheekSquintLeft",
    "CheekSquintRight", "NoseSneerLeft", "NoseSneerRight", "TongueOut",
)
# fmt: on
"""Names of the shapes, 0..1, in the order of a pose."""

SHAPE: Final[dict[str, int]] = {name: index for index, name in enumerate(SHAPES)}

HEAD_YAW, HEAD_PITCH, HEAD_ROLL = 52, 53, 54
LEFT_EYE, RIGHT_EYE = 55, 58
"""Where yaw, pitch and roll of an eyeball begin. Angles are radians: to the subject's right and down are positive."""


def camel(name: str) -> str:
    """``eyeBlinkLeft`` of ``EyeBlinkLeft``: the names as ARKit itself writes them."""
    return name[0].lower() + name[1:]
