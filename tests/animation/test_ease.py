from __future__ import annotations

import numpy as np
import pytest

from visaged.animation.ease import smoothstep, towards


def test_smoothstep_is_flat_at_its_ends_and_steepest_in_the_middle() -> None:
    assert [smoothstep(share) for share in (-1.0, 0.0, 0.5, 1.0, 2.0)] == [0.0, 0.0, 0.5, 1.0, 1.0]
    slopes = np.diff([smoothstep(share) for share in np.linspace(0, 1, 1001)]) * 1000
    assert slopes.max() == pytest.approx(1.5, abs=1e-3)
    assert slopes[[0, -1]] == pytest.approx(0.0, abs=0.01)


def test_towards_arrives_and_does_not_overshoot() -> None:
    assert towards(0.0, 1.0, 0.3) == 0.3
    assert towards(0.9, 1.0, 0.3) == 1.0
    assert towards(0.5, 0.0, 0.3) == 0.2
    assert towards(0.1, 0.0, 0.3) == 0.0
