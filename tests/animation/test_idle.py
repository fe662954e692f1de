from __future__ import annotations

from typing import Any

import numpy as np

from tests.animation.rendering import EPOCH_NS, Reports
from visaged.animation.idle import Idle, random_stream
from visaged.config.schema import AnimationSettings
from visaged.curves import CURVES, INDEX, Pose, neutral
from visaged.metrics import Metrics


def make(**animation: Any) -> Idle:
    idle = Idle(3, Metrics(), Reports())
    idle.configure(AnimationSettings(**animation))
    return idle


def tick(idle: Idle, time_s: float) -> Pose:
    pose = neutral()
    assert idle.apply_body(pose, EPOCH_NS + round(time_s * 1e9))
    assert idle.apply_eyes(pose)
    return pose


def moving(idle: Idle) -> set[str]:
    poses = np.array([tick(idle, i / 20) for i in range(20 * 60)])
    return {CURVES[index] for index in np.flatnonzero(np.ptp(poses, axis=0))}


def test_each_setting_switches_its_part() -> None:
    everything = moving(make())
    assert {"HeadYaw", "EyeLookInLeft", "LeftEyeYaw", "EyeBlinkLeft", "BrowInnerUp", "NoseSneerLeft"} <= everything
    assert moving(make(idle=False)) == set()
    without_head = moving(make(head_sway=False))
    assert everything - without_head == {"HeadYaw", "HeadPitch", "HeadRoll"}
    without_gaze = moving(make(gaze=False))
    assert not {name for name in without_gaze if "Look" in name or "EyeYaw" in name}
    assert "EyeBlinkLeft" in without_gaze


def test_a_stall_of_the_ticks_stops_its_clock() -> None:
    steady, stalled = make(), make()
    for i in range(60):
        tick(steady, i * 0.05)
        tick(stalled, i * 0.05)
    # 60 s late, yet only 0.1 s further.
    assert np.allclose(tick(steady, 59 * 0.05 + 0.1), tick(stalled, 59 * 0.05 + 60.0), atol=1e-6)


def test_the_layers_do_not_share_their_dice() -> None:
    with_gaze, without = make(), make(gaze=False)
    sways = [[tick(idle, i / 20)[INDEX["HeadYaw"]] for i in range(200)] for idle in (with_gaze, without)]
    assert sways[0] == sways[1]
    names = ("blink", "breath", "rest", "head", "gaze")
    assert len({random_stream(seed, name).random() for name in names for seed in (1, 2)}) == 10
