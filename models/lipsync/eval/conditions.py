"""What happens to a clean voice on its way to the box: level, noise, a room, a telephone line. Labels stay in time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy.signal import fftconvolve

RATE_HZ: Final = 48_000
Sound = NDArray[np.float32]

_NOISE_SNR_DB: Final = 20.0
_QUIET_DB: Final = -24.0
_RT60_S: Final = 0.35
# A talker at arm's length in a living room: direct sound 3 dB above the reverberation.
_DIRECT_TO_REVERBERANT_DB: Final = 3.0
# First reflections come from a wall half a metre behind the microphone.
_FIRST_REFLECTION_S: Final = 0.003
_TELEPHONE_RATE_HZ: Final = 8_000
_TELEPHONE_BAND_HZ: Final = (300.0, 3_400.0)


def clean(sound: Sound, rng: np.random.Generator) -> Sound:
    """As it is."""
    del rng
    return sound


def quiet(sound: Sound, rng: np.random.Generator) -> Sound:
    """24 dB lower."""
    del rng
    return (sound * 10 ** (_QUIET_DB / 20)).astype(np.float32)


def noise(sound: Sound, rng: np.random.Generator) -> Sound:
    """Pink noise 20 dB below the RMS of the loud half of the clip."""
    level = _speech_rms(sound)
    pink = pink_noise(len(sound), rng)
    return (sound + pink * (level * 10 ** (-_NOISE_SNR_DB / 20))).astype(np.float32)


def room(sound: Sound, rng: np.random.Generator) -> Sound:
    """A living room, RT60 0.35 s: the direct sound and exponentially decaying noise (no measured response needed)."""
    times = np.arange(int(1.2 * _RT60_S * RATE_HZ)) / RATE_HZ
    tail = rng.standard_normal(len(times)) * 10 ** (-3.0 * times / _RT60_S)
    tail[times < _FIRST_REFLECTION_S] = 0.0
    tail *= 10 ** (-_DIRECT_TO_REVERBERANT_DB / 20) / np.sqrt(np.sum(tail**2))
    tail[0] = 1.0
    return fftconvolve(sound, tail)[: len(sound)].astype(np.float32)


def telephone(sound: Sound, rng: np.random.Generator) -> Sound:
    """300 - 3400 Hz, 8 kHz, mu-law (ITU-T G.711): a zero-phase band, so that nothing moves in time."""
    del rng
    narrow = soxr.resample(sound, RATE_HZ, _TELEPHONE_RATE_HZ)
    spectrum = np.fft.rfft(narrow)
    frequency = np.fft.rfftfreq(len(narrow), 1 / _TELEPHONE_RATE_HZ)
    low, high = _TELEPHONE_BAND_HZ
    spectrum *= 1.0 / (1.0 + (low / np.maximum(frequency, 1.0)) ** 8) / (1.0 + (frequency / high) ** 24)
    narrow = np.clip(np.fft.irfft(spectrum, len(narrow)), -1.0, 1.0)
    coded = np.round(np.sign(narrow) * np.log1p(255 * np.abs(narrow)) / np.log(256) * 127) / 127
    decoded = np.sign(coded) * (256 ** np.abs(coded) - 1) / 255
    wide = soxr.resample(decoded, _TELEPHONE_RATE_HZ, RATE_HZ)[: len(sound)]
    return np.pad(wide, (0, len(sound) - len(wide))).astype(np.float32)


CONDITIONS: Final[dict[str, Callable[[Sound, np.random.Generator], Sound]]] = {
    "clean": clean,
    "-24 dB": quiet,
    "noise 20 dB": noise,
    "room 0.35 s": room,
    "telephone": telephone,
}


def pink_noise(samples: int, rng: np.random.Generator) -> Sound:
    """Noise of RMS 1 whose power falls by 3 dB per octave from 40 Hz on."""
    white = np.fft.rfft(rng.standard_normal(samples))
    frequency = np.fft.rfftfreq(samples, 1 / RATE_HZ)
    pink = np.fft.irfft(white / np.sqrt(np.maximum(frequency, 40.0)), samples)
    return (pink / np.sqrt(np.mean(pink**2))).astype(np.float32)


def _speech_rms(sound: Sound) -> float:
    """RMS of the louder half of 20 ms pieces: what is left when the pauses are taken out."""
    pieces = sound[: len(sound) // 960 * 960].reshape(-1, 960)
    powers = np.sort(np.mean(np.square(pieces, dtype=np.float64), axis=1))
    return float(np.sqrt(np.mean(powers[len(powers) // 2 :]))) if len(powers) else 0.0
