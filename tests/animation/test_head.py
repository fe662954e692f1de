from __future__ import annotations

from random import Random

import numpy as np
import pytest

from tests.animation.rendering import curve, run_layer
from visaged.animation.head import HeadSway
from visaged.curves import REGIONS


def test_the_head_sways_by_a_degree_or_two_and_slowly() -> None:
    track = run_layer(HeadSway(Random(1)), 1200)
    assert set(np.flatnonzero(track.any(axis=0))) == set(REGIONS["head"])
    assert curve(track, "HeadYaw").std() == pytest.approx(0.025, rel=0.1)
    assert np.abs(track).max() < 0.1
    assert np.abs(np.diff(track, axis=0)).max() * 20 < 0.15
    yaw, pitch, roll = (curve(track, name) for name in ("HeadYaw", "HeadPitch", "HeadRoll"))
    assert np.abs(np.corrcoef([yaw, pitch, roll]) - np.eye(3)).max() < 0.2
