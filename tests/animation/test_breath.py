from __future__ import annotations

from random import Random

import pytest

from tests.animation.rendering import curve, run_layer
from visaged.animation.breath import Breath


def test_fourteen_breaths_a_minute_that_hardly_show() -> None:
    track = run_layer(Breath(Random(2)), 1200)
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
    track = run_layer(breath, 10)
    assert not curve(track, "HeadPitch").any()
    assert curve(track, "NoseSneerLeft").any()
