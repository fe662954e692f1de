"""Sounds that are not speech, made from a random generator: noise, hum, clicks, coughs, music, broken inputs.

Every function returns float32 mono at 24 kHz with a peak or deviation near 1; the caller scales it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.lipsync.utterance import RATE_HZ

Sound = NDArray[np.float32]
Rng = np.random.Generator


def coloured(count: int, rng: Rng) -> Sound:
    """Noise with a power spectrum of 1/f^0 (white) to 1/f^2 (brown)."""
    spectrum = np.fft.rfft(rng.standard_normal(count))
    slope = rng.uniform(0.0, 1.0)
    spectrum /= np.maximum(np.arange(len(spectrum)), 20.0) ** slope
    return _unit(np.fft.irfft(spectrum, count))


def hum(count: int, rng: Rng) -> Sound:
    """Mains hum or a motor: a low tone and some harmonics."""
    time = np.arange(count) / RATE_HZ
    base_hz = rng.choice([20.0, 50.0, 60.0, 100.0, rng.uniform(80, 300)])
    parts = [
        rng.uniform(0, 1) / n * np.sin(2 * np.pi * base_hz * n * time + rng.uniform(0, 6.28))
        for n in range(1, rng.integers(2, 9))
    ]
    return _unit(np.sum(parts, axis=0))


def clicks(count: int, rng: Rng) -> Sound:
    """Keys, mouse, knocks: short decaying bursts at random times."""
    sound = np.zeros(count)
    for _ in range(max(1, int(count / RATE_HZ * rng.uniform(0.5, 6)))):
        length = int(RATE_HZ * rng.uniform(0.002, 0.06))
        start = rng.integers(0, max(1, count - length))
        ring = np.exp(-np.arange(length) / (length * rng.uniform(0.05, 0.3)))
        tone = np.sin(2 * np.pi * rng.uniform(150, 4000) * np.arange(length) / RATE_HZ)
        burst = ring * (rng.standard_normal(length) * rng.uniform(0, 1) + tone)
        sound[start : start + length] += burst[: count - start] * rng.uniform(0.2, 1)
    return _peak(sound)


def coughs(count: int, rng: Rng) -> Sound:
    """Coughs, breaths and puffs: shaped noise bursts of 0.1 to 0.8 s."""
    sound = np.zeros(count)
    for _ in range(max(1, int(count / RATE_HZ * rng.uniform(0.2, 1.2)))):
        length = min(count, int(RATE_HZ * rng.uniform(0.1, 0.8)))
        start = rng.integers(0, max(1, count - length))
        spectrum = np.fft.rfft(rng.standard_normal(length))
        hz = np.fft.rfftfreq(length, 1 / RATE_HZ)
        centre_hz = rng.uniform(300, 3000)
        spectrum *= 1.0 / (1.0 + ((hz - centre_hz) / rng.uniform(300, 1500)) ** 2)
        shape = np.minimum(np.arange(length) / (length * rng.uniform(0.02, 0.5)), 1.0) * np.exp(
            -np.arange(length) / (length * 0.35)
        )
        sound[start : start + length] += _peak(np.fft.irfft(spectrum, length) * shape) * rng.uniform(0.3, 1)
    return _peak(sound)


def music(count: int, rng: Rng) -> Sound:
    """Chords, a melody of harmonic tones and a beat: no tune, but the spectrum and rhythm of one."""
    sound = np.zeros(count)
    beat = int(RATE_HZ * rng.uniform(0.22, 0.7))
    root_hz = rng.uniform(55, 220)
    scale = np.array([0, 2, 4, 5, 7, 9, 11]) if rng.random() < 0.5 else np.array([0, 2, 3, 5, 7, 8, 10])
    bright = rng.uniform(0.3, 1.5)
    for start in range(0, count, beat):
        length = min(int(beat * rng.uniform(0.8, 4)), count - start)
        time = np.arange(length) / RATE_HZ
        envelope = np.minimum(time / 0.01, 1.0) * np.exp(-time / rng.uniform(0.1, 1.5))
        for _ in range(rng.integers(1, 4)):
            note_hz = root_hz * 2 ** ((rng.choice(scale) + 12 * rng.integers(0, 3)) / 12)
            tone = sum(np.sin(2 * np.pi * note_hz * n * time) / n**bright for n in range(1, 9) if note_hz * n < 10_000)
            sound[start : start + length] += envelope * tone * rng.uniform(0.2, 0.6)
        if rng.random() < 0.6:
            hit = min(int(RATE_HZ * 0.12), count - start)
            decay = np.exp(-np.arange(hit) / (RATE_HZ * rng.uniform(0.01, 0.05)))
            sound[start : start + hit] += decay * rng.standard_normal(hit) * rng.uniform(0.1, 0.8)
    return _peak(sound)


def broken(count: int, rng: Rng) -> Sound:
    """What a faulty input gives: a direct voltage, a full-scale square wave, a tone, white noise at full scale."""
    time = np.arange(count) / RATE_HZ
    kind = rng.integers(0, 4)
    if kind == 0:
        return np.full(count, rng.choice([-1.0, 1.0]), np.float32)
    if kind == 1:
        return np.sign(np.sin(2 * np.pi * rng.uniform(20, 2000) * time)).astype(np.float32)
    if kind == 2:
        return np.sin(2 * np.pi * rng.uniform(20, 6000) * time).astype(np.float32)
    return np.clip(rng.standard_normal(count), -1, 1).astype(np.float32)


KINDS: Final[dict[str, Callable[[int, Rng], Sound]]] = {
    "coloured": coloured,
    "hum": hum,
    "clicks": clicks,
    "coughs": coughs,
    "music": music,
}


def _unit(sound: NDArray[np.floating]) -> Sound:
    return (sound / (sound.std() + 1e-9)).astype(np.float32)


def _peak(sound: NDArray[np.floating]) -> Sound:
    return (sound / (np.abs(sound).max() + 1e-9)).astype(np.float32)
