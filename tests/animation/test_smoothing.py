from __future__ import annotations

import numpy as np
import pytest

from tests.animation.rendering import pose_of
from visaged.animation.smoothing import Smoothing
from visaged.clock import NS_PER_MS
from visaged.curves import INDEX


@pytest.mark.parametrize("step_ms", [8, 20, 40])
def test_smoothing_reaches_two_thirds_in_its_time_constant_at_any_rate(step_ms: int) -> None:
    smoothing = Smoothing()
    smoothing.time_constant_ms = 80.0
    smoothing.apply(pose_of(), 0)
    for time_ms in range(step_ms, 81, step_ms):
        pose = pose_of(JawOpen=1.0)
        smoothing.apply(pose, time_ms * NS_PER_MS)
    assert pose.max() == pytest.approx(1 - np.exp(-1), abs=1e-4)


def test_the_eyes_are_left_sharp() -> None:
    smoothing = Smoothing()
    smoothing.time_constant_ms = 500.0
    smoothing.apply(pose_of(), 0)
    pose = pose_of(EyeBlinkLeft=0.8, LeftEyeYaw=0.2, JawOpen=0.8)
    smoothing.apply(pose, 16 * NS_PER_MS)
    assert pose[INDEX["EyeBlinkLeft"]] == np.float32(0.8)
    assert pose[INDEX["LeftEyeYaw"]] == np.float32(0.2)
    assert pose[INDEX["JawOpen"]] < 0.03


def test_zero_passes_everything_through() -> None:
    smoothing = Smoothing()
    smoothing.apply(pose_of(), 0)
    pose = pose_of(JawOpen=0.7)
    smoothing.apply(pose, NS_PER_MS)
    assert np.array_equal(pose, pose_of(JawOpen=0.7))
