from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from models.lipsync.eval.conditions import CONDITIONS, RATE_HZ, pink_noise


def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def bursts() -> NDArray[np.float32]:
    """Two seconds of a 500 Hz tone that comes and goes."""
    times = np.arange(2 * RATE_HZ) / RATE_HZ
    return (0.3 * np.sin(2 * np.pi * 500 * times) * (np.sin(2 * np.pi * 2 * times) > 0)).astype(np.float32)


@pytest.mark.parametrize("name", CONDITIONS)
def test_length_and_timing_stay(name: str) -> None:
    sound = bursts()
    changed = CONDITIONS[name](sound, rng())
    assert changed.dtype == np.float32 and len(changed) == len(sound)
    lags = range(-240, 241, 24)
    likeness = [float(np.dot(np.roll(np.abs(sound), lag), np.abs(changed))) for lag in lags]
    # Reverberation comes late by nature; 3 ms is a fifth of a frame.
    assert abs(list(lags)[int(np.argmax(likeness))]) <= 144


def test_the_same_seed_makes_the_same_sound() -> None:
    for change in CONDITIONS.values():
        assert np.array_equal(change(bursts(), rng()), change(bursts(), rng()))


def test_level_and_noise() -> None:
    sound = bursts()
    assert np.allclose(CONDITIONS["-24 dB"](sound, rng()), sound * 10 ** (-1.2))
    added = CONDITIONS["noise 20 dB"](sound, rng()) - sound
    loud_rms = 0.3 / np.sqrt(2)
    assert 20 * np.log10(loud_rms / np.sqrt(np.mean(added**2))) == pytest.approx(20.0, abs=0.5)


def test_the_room_decays_by_60_db_in_350_ms() -> None:
    click = np.zeros(RATE_HZ, np.float32)
    click[0] = 1.0
    tail = CONDITIONS["room 0.35 s"](click, rng())
    early, late = tail[480:960], tail[480 + 8400 : 960 + 8400]
    fall_db = 10 * np.log10(np.mean(early**2) / np.mean(late**2))
    assert fall_db == pytest.approx(30.0, abs=2.0)


def test_the_telephone_band() -> None:
    changed = CONDITIONS["telephone"](0.1 * pink_noise(2 * RATE_HZ, rng()), rng())
    power = np.abs(np.fft.rfft(changed)) ** 2
    frequency = np.fft.rfftfreq(len(changed), 1 / RATE_HZ)
    inside = power[(frequency > 500) & (frequency < 3000)].mean()
    assert power[(frequency > 4200)].mean() < 1e-3 * inside
    assert power[(frequency > 20) & (frequency < 120)].mean() < 0.05 * inside
