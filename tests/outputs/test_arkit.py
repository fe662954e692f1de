from __future__ import annotations

from visaged.curves import CURVES, INDEX, SHAPE_COUNT
from visaged.outputs import arkit


def test_the_sender_knows_the_curves_as_the_daemon_does() -> None:
    assert CURVES[:SHAPE_COUNT] == arkit.SHAPES
    assert INDEX["HeadYaw"] == arkit.HEAD_YAW
    assert INDEX["HeadPitch"] == arkit.HEAD_PITCH
    assert INDEX["HeadRoll"] == arkit.HEAD_ROLL
    assert INDEX["LeftEyeYaw"] == arkit.LEFT_EYE
    assert INDEX["RightEyeYaw"] == arkit.RIGHT_EYE


def test_names_as_arkit_writes_them() -> None:
    assert arkit.camel("EyeBlinkLeft") == "eyeBlinkLeft"
