from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from visaged.clock import RATE_HZ
from visaged.face.pitch import PitchTracker
from visaged.face.solver import HOP


def track(sound: NDArray[np.float32]) -> NDArray[np.float64]:
    """Pitch and periodicity per step, [steps, 2]."""
    tracker = PitchTracker()
    state = tracker.initial_state()
    return np.array([tracker.step(step, state) for step in sound.reshape(-1, HOP)])


def buzz(pitch_hz: float, seconds: float = 0.5) -> NDArray[np.float32]:
    """Harmonics up to 3 kHz, falling by 6 dB per octave: roughly a voice."""
    phase = 2 * np.pi * pitch_hz * np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    harmonics = range(1, int(3000 / pitch_hz) + 1)
    return (0.1 * sum(np.sin(n * phase) / n for n in harmonics)).astype(np.float32)


@pytest.mark.parametrize("pitch_hz", [75.0, 100.0, 147.0, 220.0, 311.0, 400.0])
@pytest.mark.parametrize("gain", [1.0, 0.03])
def test_the_pitch_of_a_buzz_within_one_percent(pitch_hz: float, gain: float) -> None:
    settled = track(buzz(pitch_hz) * np.float32(gain))[5:]
    assert settled[:, 0] == pytest.approx(pitch_hz, rel=0.01)
    assert settled[:, 1].min() > 0.9


def test_noise_is_not_periodic() -> None:
    noise = 0.1 * np.random.default_rng(3).standard_normal(RATE_HZ).astype(np.float32)
    assert np.mean(track(noise)[5:, 1] < 0.6) > 0.9


@pytest.mark.parametrize("level", [0.0, 0.7, 1e-5])
def test_silence_and_a_constant_have_no_pitch(level: float) -> None:
    assert not track(np.full(10 * HOP, level, np.float32))[5:].any()
