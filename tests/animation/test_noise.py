from __future__ import annotations

from random import Random

import numpy as np
import pytest

from visaged.animation.noise import SlowNoise


def test_it_has_unit_rms_and_stays_in_its_band() -> None:
    noise = SlowNoise(Random(1), 0.05, 0.5)
    step_s = 0.1
    values = np.array([noise.at(i * step_s) for i in range(40_000)])
    assert np.sqrt(np.mean(values**2)) == pytest.approx(1.0, rel=0.03)
    assert np.abs(values).max() <= np.sqrt(10)
    power = np.abs(np.fft.rfft(values * np.hanning(len(values)))) ** 2
    hz = np.fft.rfftfreq(len(values), step_s)
    assert power[(hz > 0.045) & (hz < 0.55)].sum() / power.sum() > 0.99


def test_one_seed_is_one_movement() -> None:
    one, same, other = SlowNoise(Random(1), 0.1, 1), SlowNoise(Random(1), 0.1, 1), SlowNoise(Random(2), 0.1, 1)
    assert one.at(3.2) == same.at(3.2) != other.at(3.2)
