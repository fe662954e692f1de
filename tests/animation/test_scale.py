from __future__ import annotations

import numpy as np
import pytest

from tests.animation.rendering import pose_of
from visaged.animation.scale import Scale


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
