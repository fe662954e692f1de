"""Resampling block by block equals resampling the whole, holds back what it says, and has no edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visaged.audio.resample import Resampler

RATES = (8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 88_200, 96_000, 192_000)


def by_blocks(resampler: Resampler, sound: np.ndarray, size: int) -> np.ndarray:
    parts = [resampler.push(sound[at : at + size]).copy() for at in range(0, len(sound), size)]
    return np.concatenate([*parts, resampler.push(np.zeros(0, np.float32), last=True)])


@pytest.mark.parametrize("rate_hz", RATES)
def test_a_sine_stays_a_sine_across_block_edges(rate_hz):
    sound = (0.5 * np.sin(2 * np.pi * 997 * np.arange(rate_hz) / rate_hz)).astype(np.float32)
    out = by_blocks(Resampler(rate_hz, rate_hz // 100, live=True), sound, rate_hz // 100)[2400:-2400].astype(float)
    angle = 2 * np.pi * 997 * (np.arange(len(out)) + 2400) / 48_000
    waves = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    weights = np.linalg.lstsq(waves, out, rcond=None)[0]
    # 80 dB below the sine: a click at any of the 90 edges would stand out.
    assert np.abs(out - waves @ weights).max() < 5e-5
    assert weights[0] == pytest.approx(0.5, rel=0.03)
    assert abs(weights[1]) < 0.5 * 2 * np.pi * 997 * 50e-6  # within 50 us of where it was


@pytest.mark.parametrize("rate_hz", RATES)
def test_it_says_how_much_it_holds_back(rate_hz):
    size = rate_hz // 100
    resampler = Resampler(rate_hz, size, live=True)
    assert 0 < resampler.latency_ms <= 31
    rng = np.random.default_rng(1)
    for _ in range(100):
        resampler.push(rng.uniform(-1, 1, size).astype(np.float32))
        assert 0 <= resampler.held_ns <= resampler.latency_ms * 1e6 + 1e9 / 48_000


@pytest.mark.parametrize(("rate_hz", "at_most_ms"), [(44_100, 0.6), (22_050, 1.1), (96_000, 3), (32_000, 8)])
def test_live_modes_are_quick(rate_hz, at_most_ms):
    assert Resampler(rate_hz, rate_hz // 100, live=True).latency_ms <= at_most_ms


@pytest.mark.parametrize("rate_hz", (16_000, 44_100))
def test_a_sample_comes_out_at_the_time_it_went_in(rate_hz):
    sound = np.zeros(rate_hz, np.float32)
    sound[rate_hz // 2] = 1
    out = by_blocks(Resampler(rate_hz, rate_hz // 100, live=True), sound, rate_hz // 100)
    assert abs(int(np.argmax(out)) - 24_000) <= 2


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(RATES), st.lists(st.integers(1, 2000), min_size=1, max_size=30))
def test_the_cut_into_blocks_does_not_matter(rate_hz, sizes):
    sound = np.random.default_rng(0).uniform(-0.5, 0.5, sum(sizes)).astype(np.float32)
    resampler = Resampler(rate_hz, rate_hz // 100, live=True)
    at, parts = 0, []
    for size in sizes:
        parts.append(resampler.push(sound[at : at + size]).copy())
        at += size
    parts.append(resampler.push(np.zeros(0, np.float32), last=True))
    resampler.clear()
    at_once = resampler.push(sound, last=True)
    cut = np.concatenate(parts)
    count = min(len(cut), len(at_once))
    assert abs(len(cut) - len(at_once)) <= 1
    assert np.allclose(cut[:count], at_once[:count], atol=1e-5)


def test_at_the_house_rate_nothing_is_touched():
    resampler = Resampler(48_000, 480, live=True)
    sound = np.random.default_rng(0).uniform(-1, 1, 480).astype(np.float32)
    assert resampler.push(sound) is sound
    assert resampler.latency_ms == 0
    assert resampler.held_ns == 0
