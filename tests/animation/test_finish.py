"""Calibration and smoothing."""

from __future__ import annotations

import numpy as np
import pytest

from tests.animation.rendering import pose_of
from visaged.animation.scale import Scale
from visaged.animation.smoothing import Smoothing
from visaged.clock import NS_PER_MS
from visaged.curves import INDEX


def test_factors_of_regions_and_curves_and_the_curve_counts() -> None:
    scale = Scale()
    scale.configure({"BrowInnerUp": 1.5, "brows": 0.5, "JawOpen": 2.0})
    pose = pose_of(BrowInnerUp=0.4, BrowDownLeft=0.4, JawOpen=0.2, MouthFunnel=0.3)
    scale.apply(pose, 0)
    assert np.array_equal(pose, pose_of(BrowInnerUp=0.6, BrowDownLeft=0.2, JawOpen=0.4, MouthFunnel=0.3))


def test_new_factors_replace_the_old_ones() -> None:
    scale = Scale()
    scale.configure({"jaw": 0.0})
    scale.configure({})
    pose = pose_of(JawOpen=0.2)
    scale.apply(pose, 0)
    assert np.array_equal(pose, pose_of(JawOpen=0.2))


def test_an_unknown_name_is_refused_and_changes_nothing() -> None:
    scale = Scale()
    scale.configure({"jaw": 0.5})
    with pytest.raises(KeyError, match="JawOpne"):
        scale.configure({"JawOpne": 2.0})
    pose = pose_of(JawOpen=0.2)
    scale.apply(pose, 0)
    assert pose.max() == pytest.approx(0.1)


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
