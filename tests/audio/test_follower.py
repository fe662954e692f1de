"""A voice at the right time: drift without clicks, leaps cross-faded, starvation faded, starting from nothing."""

from __future__ import annotations

import numpy as np
import pytest

from visaged.audio.follower import DelayedRing, Follower
from visaged.audio.ring import AudioRing
from visaged.clock import Timeline

NS = 1e9
HZ = 500


class Tone:
    """An endless sine (or as long as ``end`` samples); ``rate`` is its clock against ours, ``shift`` a delay."""

    def __init__(self, rate: float = 1.0, end: float = float("inf")) -> None:
        self.rate, self.end, self.shift, self.silent = rate, end, 0.0, False

    def position_at(self, time_ns: float) -> float | None:
        return None if self.silent else time_ns / NS * 48_000 * self.rate - self.shift

    def read(self, start: int, out: np.ndarray) -> int:
        out[:] = 0.5 * np.sin(2 * np.pi * HZ * np.arange(start, start + len(out)) / 48_000)
        return int(min(max(self.end - start, 0), len(out)))


def play(follower: Follower, blocks: int, *, first: int = 100, jitter_ns: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(0)
    out = np.zeros((blocks, 480), np.float32)
    for number in range(blocks):
        start = (first + number) * 0.01 * NS + rng.normal(0, jitter_ns)
        follower.render(out[number], start, start + 0.01 * NS)
    return out.reshape(-1)


def steepest(sound: np.ndarray) -> float:
    """The largest second difference: 0.0021 for the tone itself, hundreds of times that for a click."""
    return float(np.abs(np.diff(sound, n=2)).max())


def test_with_equal_clocks_the_sound_is_what_was_given():
    out = play(Follower(Tone(), 480), 50)
    time = 1.0 + np.arange(len(out)) / 48_000
    assert np.allclose(out[480:], (0.5 * np.sin(2 * np.pi * HZ * time))[480:], atol=1e-3)


@pytest.mark.parametrize("ppm", [200, -350])
def test_drift_is_followed_without_clicks(ppm):
    rate = 1 + ppm * 1e-6
    out = play(Follower(Tone(rate), 480), 500, jitter_ns=20_000)
    assert steepest(out) < 0.0024
    time = 1.0 + np.arange(len(out)) / 48_000
    expected = 0.5 * np.sin(2 * np.pi * HZ * rate * time)
    assert np.abs(out[48_000:] - expected[48_000:]).max() < 0.5 * 2 * np.pi * HZ * 50e-6  # within 50 us


def test_a_changed_delay_is_caught_up_with_by_speed():
    tone = Tone()
    follower = Follower(tone, 480)
    before = play(follower, 10)
    tone.shift = 240  # 5 ms
    out = np.concatenate([before, play(follower, 500, first=110)])
    assert steepest(out) < 0.0024
    assert abs(follower.error_samples) < 10


def test_a_leap_is_cross_faded():
    tone = Tone()
    follower = Follower(tone, 480)
    before = play(follower, 10)
    tone.shift = 4_844
    out = np.concatenate([before, play(follower, 10, first=110)])
    assert steepest(out) < 0.005
    assert abs(follower.error_samples) < 1


def test_missing_sound_fades_out_and_back_in():
    tone = Tone(end=48_000 + 5_100)
    follower = Follower(tone, 480)
    before = play(follower, 15)
    assert follower.starved
    assert not before[-480:].any()
    tone.end = float("inf")
    out = np.concatenate([before, play(follower, 10, first=115)])
    assert np.abs(out[-480:]).max() > 0.4
    assert steepest(out) < 0.005


def test_silence_fades_too():
    tone = Tone()
    follower = Follower(tone, 480)
    before = play(follower, 10)
    tone.silent = True
    out = np.concatenate([before, play(follower, 5, first=110)])
    assert not out[-480:].any()
    assert steepest(out) < 0.005


def test_a_ring_is_played_its_delay_later():
    ring, timeline = AudioRing(), Timeline()
    timeline.restart(0, 0)
    sound = (0.5 * np.sin(2 * np.pi * HZ * np.arange(96_000) / 48_000)).astype(np.float32)
    ring.write(sound)
    voice = DelayedRing(ring, timeline, lambda: 0.25 * NS)
    out = play(Follower(voice, 480), 50)
    start = int((1.0 - 0.25) * 48_000)
    assert np.allclose(out[480:], sound[start + 480 : start + len(out)], atol=1e-3)


def test_before_the_first_sample_there_was_silence():
    ring, timeline = AudioRing(), Timeline()
    ring.write(np.ones(100, np.float32))
    out = np.full(20, 9, np.float32)
    assert DelayedRing(ring, timeline, lambda: 0.0).read(-10, out) == 20
    assert out.tolist() == [0.0] * 10 + [1.0] * 10


def test_sound_that_was_overwritten_is_silence():
    ring, timeline = AudioRing(), Timeline()
    timeline.restart(0, 0)
    ring.write(np.ones(ring.capacity + 100_000, np.float32))
    follower = Follower(DelayedRing(ring, timeline, lambda: 0.0), 480)
    assert not play(follower, 3).any()
    assert follower.starved == 3
