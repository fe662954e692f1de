from __future__ import annotations

import numpy as np
import pytest

from tests.animation.rendering import pose_of
from visaged.animation.eyes import write_eyes
from visaged.curves import CURVES, INDEX, Pose, neutral


def moved(pose: Pose) -> set[str]:
    return {name for name in CURVES if pose[INDEX[name]] != 0}


@pytest.mark.parametrize(
    ("yaw", "pitch", "shapes"),
    [
        (0.3, 0.0, {"EyeLookInLeft", "EyeLookOutRight"}),
        (-0.3, 0.0, {"EyeLookOutLeft", "EyeLookInRight"}),
        (0.0, 0.2, {"EyeLookDownLeft", "EyeLookDownRight", "EyeBlinkLeft", "EyeBlinkRight"}),
        (0.0, -0.2, {"EyeLookUpLeft", "EyeLookUpRight", "EyeWideLeft", "EyeWideRight"}),
    ],
)
def test_which_shapes_a_direction_moves(yaw: float, pitch: float, shapes: set[str]) -> None:
    pose = neutral()
    write_eyes(pose, yaw, pitch)
    assert {name for name in moved(pose) if INDEX[name] < 52} == shapes
    assert pose[INDEX["LeftEyeYaw"]] == pose[INDEX["RightEyeYaw"]] == np.float32(yaw)
    assert pose[INDEX["LeftEyePitch"]] == pose[INDEX["RightEyePitch"]] == np.float32(pitch)


def test_amounts_are_those_of_recorded_faces() -> None:
    pose = neutral()
    write_eyes(pose, 0.3, 0.117)
    assert pose[INDEX["EyeLookInLeft"]] == pytest.approx(0.5)
    assert pose[INDEX["EyeLookDownLeft"]] == pytest.approx(0.2)
    assert pose[INDEX["EyeBlinkLeft"]] == pytest.approx(0.36)
    assert pose[INDEX["LeftEyeRoll"]] == pytest.approx(0.3 * 0.117)


def test_looking_down_never_closes_the_eyes_and_adds_to_what_is_there() -> None:
    pose = pose_of(EyeSquintLeft=0.1, EyeBlinkLeft=0.05)
    write_eyes(pose, 0.0, 0.58)
    assert pose[INDEX["EyeBlinkLeft"]] == pytest.approx(0.75)
    assert pose[INDEX["EyeSquintLeft"]] == np.float32(0.1)
