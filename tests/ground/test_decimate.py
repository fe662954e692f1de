from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from visaged.clock import RATE_HZ
from visaged.decimate import Decimator
from visaged.face.solver import HOP


def decimate(decimator: Decimator, sound: NDArray[np.float32]) -> NDArray[np.float32]:
    state = decimator.initial_state()
    out = np.zeros((len(sound) // HOP, decimator.hop), np.float32)
    for step, row in zip(sound.reshape(-1, HOP), out, strict=True):
        decimator.step(step, state, row)
    return out.ravel()


def tone(frequency_hz: float, seconds: float = 0.5) -> NDArray[np.float32]:
    return np.sin(2 * np.pi * frequency_hz * np.arange(int(seconds * RATE_HZ)) / RATE_HZ).astype(np.float32)


@pytest.mark.parametrize("rate_hz", [24_000, 12_000])
def test_the_pass_band_passes_and_the_rest_does_not_alias(rate_hz: int) -> None:
    decimator = Decimator(rate_hz, HOP)
    settled = decimator.hop
    passed = decimate(decimator, tone(0.38 * rate_hz))[settled:]
    stopped = decimate(decimator, tone(0.62 * rate_hz))[settled:]
    assert np.sqrt(2 * np.mean(passed**2)) == pytest.approx(1.0, abs=0.01)
    assert np.abs(stopped).max() < 10 ** (-60 / 20)


@pytest.mark.parametrize("rate_hz", [48_000, 24_000, 12_000, 9_600])
def test_the_delay_is_what_it_says(rate_hz: int) -> None:
    decimator = Decimator(rate_hz, HOP)
    frequency_hz = 100.0
    out = decimate(decimator, tone(frequency_hz))
    times = np.arange(len(out)) / rate_hz - decimator.delay_ms / 1e3
    expected = np.sin(2 * np.pi * frequency_hz * times)
    assert np.abs(out - expected)[decimator.hop :].max() < 1e-3


def test_steps_leave_no_seam() -> None:
    decimator = Decimator(24_000, HOP)
    rng = np.random.default_rng(1)
    sound = rng.standard_normal(HOP * 6).astype(np.float32)
    whole, at_once = np.zeros(len(sound) // 2, np.float32), Decimator(24_000, len(sound))
    at_once.step(sound, at_once.initial_state(), whole)
    assert np.allclose(decimate(decimator, sound), whole, atol=1e-6)


@pytest.mark.parametrize("rate_hz", [0, -24_000, 16_000, 44_100, 96_000])
def test_other_rates_are_refused(rate_hz: int) -> None:
    with pytest.raises(ValueError, match="48000, 24000"):
        Decimator(rate_hz, HOP)
