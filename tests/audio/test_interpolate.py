"""Between the samples lies what the sound was there."""

from __future__ import annotations

import numpy as np
import pytest

from visaged.audio.interpolate import AFTER, BEFORE, interpolate


@pytest.mark.parametrize("hz", [100, 3_000, 10_000, 16_000])
def test_a_sine_is_found_between_its_samples(hz):
    samples = np.sin(2 * np.pi * hz * np.arange(2000) / 48_000).astype(np.float32)
    positions = np.arange(BEFORE, 2000 - AFTER - 1, 1.000217)
    error = interpolate(samples, positions) - np.sin(2 * np.pi * hz * positions / 48_000)
    assert np.abs(error).max() < 2e-4


def test_on_a_sample_it_is_that_sample():
    samples = np.random.default_rng(0).uniform(-1, 1, 100).astype(np.float32)
    positions = np.arange(BEFORE, 100 - AFTER, dtype=float)
    assert np.allclose(interpolate(samples, positions), samples[BEFORE : 100 - AFTER], atol=1e-6)
