from __future__ import annotations

from random import Random

import numpy as np
import pytest

from tests.animation.rendering import curve, run_layer
from visaged.animation.rest import REST, RestingFace
from visaged.curves import CURVES, INDEX, REGIONS


def test_the_resting_face_drifts_around_its_offsets_and_is_never_cut_off_flat() -> None:
    track = run_layer(RestingFace(Random(3)), 3600)
    for name in CURVES:
        assert curve(track, name).mean() == pytest.approx(REST.get(name, 0.0), abs=0.005)
        assert curve(track, name).min() >= 0.0
    assert curve(track, "BrowInnerUp").std() > 0.015
    mouth = [*REGIONS["jaw"], *REGIONS["mouth"]]
    assert track[:, mouth].max() < 0.08
    assert not track[:, INDEX["JawOpen"]].any()
    assert np.abs(np.diff(track, axis=0)).max() * 20 < 0.15
