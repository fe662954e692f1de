from __future__ import annotations

from random import Random

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.animation.rendering import pose_of
from visaged.animation.gaze import Gaze
from visaged.clock import NS_PER_S
from visaged.curves import COUNT, INDEX, Pose

FPS = 240


def look(
    seconds: float, seed: int = 1, fps: int = FPS, head: Pose | None = None
) -> tuple[NDArray[np.float32], list[float]]:
    """Poses over ``seconds`` and the times at which large saccades began."""
    large: list[float] = []
    gaze = Gaze(Random(seed), large.append)
    poses = np.zeros((round(seconds * fps), COUNT), np.float32)
    if head is not None:
        poses += head
    for tick, pose in enumerate(poses):
        gaze.apply(pose, tick * NS_PER_S // fps)
    return poses, large


@pytest.fixture(scope="module")
def long_look() -> tuple[NDArray[np.float32], list[float]]:
    return look(600)


def saccades(poses: NDArray[np.float32], least_rad: float) -> list[tuple[int, int, float]]:
    """First and last tick and size of each movement of the left eye larger than ``least_rad``."""
    eye = poses[:, [INDEX["LeftEyeYaw"], INDEX["LeftEyePitch"]]]
    moving = np.concatenate([[False], np.abs(np.diff(eye, axis=0)).max(axis=1) > 1e-7, [False]])
    starts, ends = np.flatnonzero(moving[1:] & ~moving[:-1]), np.flatnonzero(~moving[1:] & moving[:-1])
    sizes = [float(np.hypot(*(eye[end] - eye[start]))) for start, end in zip(starts, ends, strict=True)]
    return [m for m in zip(starts.tolist(), ends.tolist(), sizes, strict=True) if m[2] > least_rad]


def test_one_to_two_visible_saccades_a_second(long_look: tuple[NDArray[np.float32], list[float]]) -> None:
    # 0.02 rad is 1.1 degrees; what is smaller is a micro-saccade.
    assert 1.0 < len(saccades(long_look[0], 0.02)) / 600 < 2.0
    micro = len(saccades(long_look[0], 0.0)) - len(saccades(long_look[0], 0.02))
    assert 0.3 < micro / 600 < 1.5


def test_a_saccade_is_a_step_of_at_most_three_frames_and_larger_ones_are_faster(
    long_look: tuple[NDArray[np.float32], list[float]],
) -> None:
    movements = saccades(long_look[0], 0.02)
    assert max(end - start for start, end, _ in movements) / FPS <= 0.05 + 2 / FPS
    sizes = np.array([size for _, _, size in movements])
    speeds = np.array([size * FPS / (end - start) for start, end, size in movements])
    assert np.corrcoef(sizes, speeds)[0, 1] > 0.9
    # 21 ms plus 2.2 ms per degree, and the tick that sampling adds.
    durations_ms = np.array([1000 * (end - start) / FPS for start, end, _ in movements])
    small = (sizes > 0.04) & (sizes < 0.06)
    assert durations_ms[small].mean() == pytest.approx(27.3 + 1000 / FPS, abs=2.0)


def test_both_eyes_go_together_and_the_look_shapes_agree_with_the_angles(
    long_look: tuple[NDArray[np.float32], list[float]],
) -> None:
    poses = long_look[0]
    for angle in ("Yaw", "Pitch", "Roll"):
        assert np.array_equal(poses[:, INDEX[f"LeftEye{angle}"]], poses[:, INDEX[f"RightEye{angle}"]])
    yaw, pitch = poses[:, INDEX["LeftEyeYaw"]], poses[:, INDEX["LeftEyePitch"]]
    assert np.allclose(poses[:, INDEX["EyeLookInLeft"]], np.maximum(yaw, 0) / 0.6, atol=1e-5)
    assert np.array_equal(poses[:, INDEX["EyeLookInLeft"]], poses[:, INDEX["EyeLookOutRight"]])
    assert np.array_equal(poses[:, INDEX["EyeLookOutLeft"]], poses[:, INDEX["EyeLookInRight"]])
    assert np.array_equal(poses[:, INDEX["EyeLookDownLeft"]] > 0, pitch > 0)
    assert np.array_equal(poses[:, INDEX["EyeLookUpLeft"]] > 0, pitch < 0)


def test_the_range_is_that_of_recorded_faces(long_look: tuple[NDArray[np.float32], list[float]]) -> None:
    poses = long_look[0]
    sideways = poses[:, INDEX["EyeLookInLeft"]] - poses[:, INDEX["EyeLookOutLeft"]]
    up = poses[:, INDEX["EyeLookUpLeft"]] - poses[:, INDEX["EyeLookDownLeft"]]
    assert 0.05 < sideways.std() < 0.3
    assert 0.07 < up.std() < 0.2
    away = np.hypot(poses[:, INDEX["LeftEyeYaw"]], poses[:, INDEX["LeftEyePitch"]]) > 0.1
    assert 0.05 < away.mean() < 0.3


def test_lids_follow_the_gaze(long_look: tuple[NDArray[np.float32], list[float]]) -> None:
    poses = long_look[0]
    down, lid = poses[:, INDEX["EyeLookDownLeft"]], poses[:, INDEX["EyeBlinkLeft"]]
    assert np.allclose(lid, np.minimum(1.8 * down, 0.7), atol=1e-5)
    assert np.corrcoef(poses[:, INDEX["EyeLookUpLeft"]], poses[:, INDEX["EyeWideLeft"]])[0, 1] > 0.99


def test_large_saccades_are_announced_when_they_begin(long_look: tuple[NDArray[np.float32], list[float]]) -> None:
    poses, large = long_look
    starts = [start / FPS for start, _, size in saccades(poses, 0.16)]
    assert len(starts) == pytest.approx(len(large), abs=2)
    assert len(large) > 30
    assert all(min(abs(start - time) for time in large) < 3 / FPS for start in starts)


def test_the_eyes_hold_their_target_while_the_head_turns() -> None:
    straight, _ = look(20)
    turned, _ = look(20, head=pose_of(HeadYaw=0.1, HeadPitch=-0.05))
    assert np.allclose(turned[:, INDEX["LeftEyeYaw"]], straight[:, INDEX["LeftEyeYaw"]] - 0.1, atol=1e-6)
    assert np.allclose(turned[:, INDEX["LeftEyePitch"]], straight[:, INDEX["LeftEyePitch"]] + 0.05, atol=1e-6)


def test_the_tick_rate_does_not_change_where_the_eyes_look() -> None:
    slow, fast = look(120, fps=30)[0], look(120, fps=120)[0]
    assert np.allclose(slow, fast[::4], atol=1e-5)
    assert not np.array_equal(look(20, seed=2)[0], look(20)[0])
