"""Speech-like sounds made from first principles: an impulse train through resonators."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from visaged.clock import RATE_HZ

Sound = NDArray[np.float32]

# F1, F2, F3 of three vowels of an adult man (Peterson & Barney 1952).
VOWELS = {"a": (730, 1090, 2440), "i": (270, 2290, 3010), "u": (300, 870, 2240)}


def _samples(seconds: float) -> int:
    return round(seconds * RATE_HZ)


def at_level(sound: NDArray[np.float64], level_dbfs: float) -> Sound:
    """Scaled to an RMS level in dB below a full-scale square wave."""
    rms = np.sqrt(np.mean(sound**2))
    return (sound * (10 ** (level_dbfs / 20) / rms)).astype(np.float32)


def resonate(sound: NDArray[np.float64], formants_hz: tuple[float, ...]) -> NDArray[np.float64]:
    for frequency_hz in formants_hz:
        radius = np.exp(-np.pi * 80 / RATE_HZ)
        sound = lfilter([1.0], [1, -2 * radius * np.cos(2 * np.pi * frequency_hz / RATE_HZ), radius**2], sound)
    return sound


def vowel(name: str, seconds: float, level_dbfs: float = -20, pitch_hz: float = 110) -> Sound:
    """A held vowel."""
    count = _samples(seconds)
    pulses = np.zeros(count)
    pulses[(np.arange(0, count, RATE_HZ / pitch_hz)).astype(int)] = 1.0
    # The glottis falls by 12 dB per octave, the lips give 6 back.
    glottis = lfilter([1.0, -0.99], [1, -1.96, 0.9604], pulses)
    return at_level(resonate(glottis, VOWELS[name]), level_dbfs)


def murmur(seconds: float, level_dbfs: float = -34, pitch_hz: float = 110) -> Sound:
    """The hum of an m: nothing but the lowest harmonics."""
    time = np.arange(_samples(seconds)) / RATE_HZ
    return at_level(np.sin(2 * np.pi * pitch_hz * time) + np.sin(4 * np.pi * pitch_hz * time), level_dbfs)


def hiss(seconds: float, level_dbfs: float = -26, low_hz: float = 4500, high_hz: float = 9000) -> Sound:
    """An s (or, from 2 to 3.5 kHz, a sh)."""
    count = _samples(seconds)
    spectrum = np.fft.rfft(np.random.default_rng(5).standard_normal(count))
    frequency = np.fft.rfftfreq(count, 1 / RATE_HZ)
    spectrum[(frequency < low_hz) | (frequency > high_hz)] = 0
    return at_level(np.fft.irfft(spectrum, count), level_dbfs)


def silence(seconds: float) -> Sound:
    return np.zeros(_samples(seconds), np.float32)


def noise(seconds: float, level_dbfs: float) -> Sound:
    return at_level(np.random.default_rng(3).standard_normal(_samples(seconds)), level_dbfs)
