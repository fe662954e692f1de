"""Level, peak, clipping and silence."""

from __future__ import annotations

import numpy as np
import pytest

from visaged.audio.level import FLOOR_DBFS, LevelMeter


def feed(meter: LevelMeter, sound: np.ndarray) -> None:
    for at in range(0, len(sound), 480):
        meter.update(sound[at : at + 480])


def sine(amplitude: float, seconds: float = 1.0) -> np.ndarray:
    return (amplitude * np.sin(2 * np.pi * 1000 * np.arange(int(48_000 * seconds)) / 48_000)).astype(np.float32)


@pytest.mark.parametrize(("amplitude", "dbfs"), [(1.0, 0), (0.5, -6.02), (0.001, -60)])
def test_a_sine_reads_its_level_and_its_peak(amplitude, dbfs):
    meter = LevelMeter()
    feed(meter, sine(amplitude))
    assert meter.level_dbfs == pytest.approx(dbfs, abs=0.1)
    assert meter.peak_dbfs == pytest.approx(dbfs, abs=0.1)


def test_clipping_is_counted_by_sample():
    meter = LevelMeter()
    sound = sine(0.9)
    feed(meter, sound)
    assert meter.clipped == 0
    feed(meter, np.clip(sound * 2, -1, 1))
    assert meter.clipped == int(np.count_nonzero(np.abs(sound) >= 0.49975))


def test_silence_is_timed_and_ends_with_sound():
    meter = LevelMeter()
    feed(meter, np.zeros(48_000, np.float32))
    assert meter.silent_s == pytest.approx(1.0)
    assert meter.level_dbfs == FLOOR_DBFS
    feed(meter, sine(0.1, 0.1))
    assert meter.silent_s == 0
    meter.update(np.zeros(0, np.float32))
    assert meter.silent_s == 0
