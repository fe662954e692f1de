"""What rooms, lines and microphones do to speech: each step takes and returns float32 mono at 24 kHz, same length."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy.signal import fftconvolve

from models.lipsync.noises import KINDS, Rng, Sound, coloured
from models.lipsync.phones import Phone
from models.lipsync.utterance import RATE_HZ, Utterance


def resize(utterance: Utterance, factor: float) -> Utterance:
    """Another vocal tract, pitch and tempo at once: played ``factor`` times as fast, phones moved along."""
    sound = soxr.resample(utterance.sound, RATE_HZ * factor, RATE_HZ).astype(np.float32)
    phones = [Phone(p.symbol, p.start_s / factor, p.end_s / factor) for p in utterance.phones]
    return replace(utterance, sound=sound, phones=phones)


def stretch(utterance: Utterance, factor: float) -> Utterance:
    """Tempo alone, by overlap-add of 30 ms grains laid where they match (WSOLA: Verhelst & Roelands 1993)."""
    grain, search = int(0.03 * RATE_HZ), int(0.008 * RATE_HZ)
    hop = grain // 2
    count = int(len(utterance.sound) / factor)
    padded = np.concatenate([np.zeros(search, np.float32), utterance.sound, np.zeros(2 * grain + search, np.float32)])
    window = np.hanning(grain).astype(np.float32)
    out = np.zeros(count + grain, np.float32)
    norm = np.full(count + grain, 1e-3, np.float32)
    follow = padded[search : search + grain]
    for position in range(0, count, hop):
        centre = int(position * factor) + search
        area = padded[centre - search : centre + search + grain]
        if len(area) < grain + 1:
            break
        best = int(np.correlate(area, follow, "valid").argmax()) + centre - search
        out[position : position + grain] += window * padded[best : best + grain]
        norm[position : position + grain] += window
        follow = padded[best + hop : best + hop + grain]
        if len(follow) < grain:
            break
    phones = [Phone(p.symbol, p.start_s / factor, p.end_s / factor) for p in utterance.phones]
    return replace(utterance, sound=(out / norm)[:count], phones=phones)


def room(sound: Sound, rt60_s: float, direct: float, rng: Rng) -> Sound:
    """A room: exponentially decaying noise after the direct sound (``direct`` 0..1 is its share of the energy)."""
    length = int(rt60_s * RATE_HZ)
    tail = rng.standard_normal(length) * 10 ** (-3 * np.arange(length) / length)
    tail[: int(0.002 * RATE_HZ)] = 0
    # Walls swallow treble: a gentle low-pass on the tail.
    tail = np.convolve(tail, [0.25, 0.5, 0.25], "same")
    tail *= np.sqrt((1 - direct) / (np.sum(tail**2) + 1e-9))
    tail[0] = np.sqrt(direct)
    return fftconvolve(sound, tail.astype(np.float32))[: len(sound)].astype(np.float32)


def coloration(sound: Sound, rng: Rng, depth_db: float = 9.0) -> Sound:
    """A microphone: a smooth random frequency response of up to +-``depth_db``."""
    knots = rng.uniform(-depth_db, depth_db, 7)
    knots[3] = 0.0
    return _filtered(sound, lambda hz: 10 ** (np.interp(np.log2(np.maximum(hz, 20)), np.log2(_KNOTS_HZ), knots) / 20))


_KNOTS_HZ = np.array([60, 200, 500, 1000, 2500, 5000, 10_000])


def band(sound: Sound, low_hz: float, high_hz: float) -> Sound:
    """A line: nothing below ``low_hz`` or above ``high_hz``."""
    return _filtered(
        sound, lambda hz: 1 / np.sqrt((1 + (low_hz / np.maximum(hz, 1)) ** 8) * (1 + (hz / high_hz) ** 24))
    )


def telephone(sound: Sound, rng: Rng) -> Sound:
    """300-3400 Hz and 8-bit mu-law at 8 kHz (ITU-T G.711)."""
    narrow = band(sound, rng.uniform(100, 320), 3500)
    low = soxr.resample(narrow, RATE_HZ, 8000)
    peak = np.abs(low).max() + 1e-9
    coded = np.round(np.sign(low) * np.log1p(255 * np.abs(low) / peak) / np.log(256) * 127) / 127
    decoded = np.sign(coded) * (256 ** np.abs(coded) - 1) / 255 * peak
    return _fit(soxr.resample(decoded.astype(np.float32), 8000, RATE_HZ), len(sound))


def coded(sound: Sound, rng: Rng) -> Sound:
    """A lossy codec in spirit: in each 20 ms spectrum the weak bins go and the others are quantised coarsely."""
    size = 480
    padded = np.concatenate([sound, np.zeros(-len(sound) % size + size, np.float32)])
    frames = np.lib.stride_tricks.sliding_window_view(padded, 2 * size)[::size]
    window = np.sin(np.pi * (np.arange(2 * size) + 0.5) / (2 * size)).astype(np.float32)
    spectra = np.fft.rfft(frames * window)
    magnitude = np.abs(spectra)
    step = magnitude.max(axis=1, keepdims=True) * rng.uniform(0.004, 0.02) + 1e-9
    spectra = spectra / (magnitude + 1e-9) * np.round(magnitude / step) * step
    pieces = np.fft.irfft(spectra).astype(np.float32) * window
    out = np.zeros(len(padded), np.float32)
    for index, piece in enumerate(pieces):
        out[index * size : (index + 2) * size] += piece
    return np.concatenate([sound[:size], out[size : len(sound)]])


# Steady noise of all colours is what most rooms have.
_SHARES = {"coloured": 0.48, "hum": 0.1, "clicks": 0.12, "coughs": 0.12, "music": 0.18}


def noise(sound: Sound, snr_db: float, rng: Rng, kind: str | None = None) -> Sound:
    """Noise of a random or given kind, ``snr_db`` below the level of the sound's loud parts."""
    chosen = kind or str(rng.choice(list(KINDS), p=[_SHARES[name] for name in KINDS]))
    bed = KINDS[chosen](len(sound), rng)
    if chosen == "coloured" and rng.random() < 0.3:
        # Wind, traffic: noise that comes and goes.
        slow = np.interp(
            np.arange(len(sound)), np.arange(0, len(sound) + RATE_HZ, RATE_HZ // 2), _walk(len(sound), rng)
        )
        bed = bed * slow.astype(np.float32)
    return sound + bed * (loudness(sound) / (loudness(bed) + 1e-9)) * np.float32(10 ** (-snr_db / 20))


def _walk(count: int, rng: Rng) -> NDArray[np.floating]:
    return rng.uniform(0.05, 1.0, len(np.arange(0, count + RATE_HZ, RATE_HZ // 2)))


def clip(sound: Sound, over_db: float) -> Sound:
    """Driven ``over_db`` beyond full scale, then limited as a converter does."""
    peak = np.abs(sound).max() + 1e-9
    return np.clip(sound, -peak * 10 ** (-over_db / 20), peak * 10 ** (-over_db / 20)).astype(np.float32)


def hiss(sound: Sound, level_db: float, rng: Rng) -> Sound:
    """The noise floor of a converter at ``level_db`` full scale."""
    return sound + coloured(len(sound), rng) * np.float32(10 ** (level_db / 20))


def loudness(sound: Sound) -> float:
    """RMS of the louder half of the 50 ms blocks."""
    blocks = sound[: len(sound) // 1200 * 1200].reshape(-1, 1200)
    rms = np.sort(np.sqrt((blocks**2).mean(axis=1)))
    return float(rms[len(rms) // 2 :].mean()) if len(rms) else 0.0


def _filtered(sound: Sound, gain: object) -> Sound:
    spectrum = np.fft.rfft(sound)
    hz = np.fft.rfftfreq(len(sound), 1 / RATE_HZ)
    return np.fft.irfft(spectrum * gain(hz), len(sound)).astype(np.float32)  # type: ignore[operator]


def _fit(sound: NDArray[np.floating], count: int) -> Sound:
    return np.concatenate([sound, np.zeros(max(0, count - len(sound)))])[:count].astype(np.float32)
