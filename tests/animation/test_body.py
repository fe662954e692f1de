"""Head sway, breathing and the resting face."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.animation.rendering import curve
from visaged.animation.breath import Breath
from visaged.animation.head import HeadSway
from visaged.animation.rest import REST, RestingFace
from visaged.clock import NS_PER_S
from visaged.curves import COUNT, CURVES, INDEX, REGIONS
from visaged.layer import Layer

FPS = 20


def run(layer: Layer, seconds: float) -> NDArray[np.float32]:
    poses = np.zeros((round(seconds * FPS), COUNT), np.float32)
    for tick, pose in enumerate(poses):
        layer.apply(pose, tick * NS_PER_S // FPS)
    return poses


def test_the_head_sways_by_a_degree_or_two_and_slowly() -> None:
    track = run(HeadSway(Random(1)), 1200)
    assert set(np.flatnonzero(track.any(axis=0))) == set(REGIONS["head"])
    assert curve(track, "HeadYaw").std() == pytest.approx(0.025, rel=0.1)
    assert np.abs(track).max() < 0.1
    assert np.abs(np.diff(track, axis=0)).max() * FPS < 0.15
    yaw, pitch, roll = (curve(track, name) for name in ("HeadYaw", "HeadPitch", "HeadRoll"))
    assert np.abs(np.corrcoef([yaw, pitch, roll]) - np.eye(3)).max() < 0.2


def test_fourteen_breaths_a_minute_that_hardly_show() -> None:
    track = run(Breath(Random(2)), 1200)
    filled = curve(track, "NoseSneerLeft")
    high = filled > filled.max() / 2
    breaths = (high[1:] & ~high[:-1]).sum()
    assert breaths / 20 == pytest.approx(14, rel=0.05)
    assert 0.01 < track[:, :52].max() <= 0.015
    assert -0.01 < curve(track, "HeadPitch").min() < -0.005
    assert curve(track, "HeadPitch").max() <= 0.0


def test_a_head_that_is_to_be_still_does_not_breathe_either() -> None:
    breath = Breath(Random(2))
    breath.moves_head = False
    track = run(breath, 10)
    assert not curve(track, "HeadPitch").any()
    assert curve(track, "NoseSneerLeft").any()


def test_the_resting_face_drifts_around_its_offsets_and_is_never_cut_off_flat() -> None:
    track = run(RestingFace(Random(3)), 3600)
    for name in CURVES:
        assert curve(track, name).mean() == pytest.approx(REST.get(name, 0.0), abs=0.005)
        assert curve(track, name).min() >= 0.0
    assert curve(track, "BrowInnerUp").std() > 0.015
    mouth = [*REGIONS["jaw"], *REGIONS["mouth"]]
    assert track[:, mouth].max() < 0.08
    assert not track[:, INDEX["JawOpen"]].any()
    assert np.abs(np.diff(track, axis=0)).max() * FPS < 0.15
