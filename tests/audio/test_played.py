from __future__ import annotations

import numpy as np
import pytest

from visaged.audio.played import PlayedPositions
from visaged.clock import NS_PER_MS, NS_PER_S


def play(played: PlayedPositions, seconds: float, rate_hz: int, start_ns: int = 0) -> None:
    """A ramp: sample at time t has the value t (in s)."""
    block = rate_hz // 100
    for number in range(round(seconds * 100)):
        mix = (number * block + np.arange(block)) / rate_hz
        played.write(mix.astype(np.float32), start_ns + number * 10 * NS_PER_MS, rate_hz)


@pytest.mark.parametrize("rate_hz", [48_000, 44_100, 16_000])
def test_what_was_played_is_found_by_its_time(rate_hz: int) -> None:
    played, out = PlayedPositions(), np.zeros(480, np.float32)
    play(played, 1.0, rate_hz)
    played.at(0.5 * NS_PER_S, out)
    np.testing.assert_allclose(out, 0.5 + np.arange(480) / 48_000, atol=2e-3)


def test_before_after_and_without_anything_there_is_silence() -> None:
    played, out = PlayedPositions(), np.ones(480, np.float32)
    for time_ns in (None, 0.0, 1e12):
        played.at(time_ns, out)
        assert not out.any()
    play(played, 5.0, 48_000, start_ns=NS_PER_S)
    for time_ns in (None, 0.5 * NS_PER_S, 1.1 * NS_PER_S, 9.0 * NS_PER_S):
        out[:] = 1
        played.at(time_ns, out)
        assert not out.any()


def test_after_a_pause_of_the_device_the_time_is_right_again() -> None:
    played, out = PlayedPositions(), np.zeros(480, np.float32)
    play(played, 1.0, 48_000)
    play(played, 1.0, 48_000, start_ns=10 * NS_PER_S)
    played.at(10.5 * NS_PER_S, out)
    np.testing.assert_allclose(out, 0.5 + np.arange(480) / 48_000, atol=2e-3)
