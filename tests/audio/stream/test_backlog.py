"""Writers of every temper against one backlog; time is the count of blocks."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest

from visaged.audio.stream import backlog as module
from visaged.audio.stream.backlog import BOUND_SAMPLES, MAX_SAMPLES, TARGET_SAMPLES, Backlog
from visaged.clock import RATE_HZ

BLOCK = 960
SECOND = RATE_HZ // BLOCK


class Player:
    """Plays a backlog block by block. ``writer(due)`` gives how many samples were written by sample ``due``."""

    def __init__(self, writer: Callable[[float], float]) -> None:
        self.backlog = Backlog()
        self.heard: list[np.ndarray] = []
        self.written = 0
        self._writer = writer
        self._real = 0.0

    def play(self, seconds: float) -> None:
        for _ in range(round(seconds * SECOND)):
            # A block at another speed takes another time.
            self._real += BLOCK / self.backlog.speed
            self._write(int(self._writer(self._real)))
            out = np.full(BLOCK, np.nan, np.float32)
            count = self.backlog.take(out)
            self.heard.append(out[:count].copy())

    def _write(self, until: int) -> None:
        while self.written < until and self.backlog.wait_for_room(0):
            count = min(until - self.written, 1000)
            # The sound is the number of each sample, small enough to be exact.
            self.backlog.put(np.arange(self.written, self.written + count, dtype=np.float32))
            self.written += count

    @property
    def sound(self) -> np.ndarray:
        return np.concatenate(self.heard)


def test_a_writer_that_has_all_ready_is_held_back_and_nothing_is_lost() -> None:
    player = Player(lambda _: 60 * RATE_HZ)
    player.play(50)
    assert player.backlog.held <= MAX_SAMPLES + 1000
    assert np.array_equal(player.sound, np.arange(50 * RATE_HZ))
    assert (player.backlog.drops, player.backlog.speed) == (0, 1.0)


@pytest.mark.parametrize("times", [1.03, 1.1, 1.5, 3])
def test_a_synthesizer_that_is_hardly_faster_than_time_loses_nothing(times: float) -> None:
    player = Player(lambda now: times * now)
    player.play(60)
    sound = player.sound
    assert np.array_equal(sound, np.arange(len(sound)))
    assert player.backlog.drops == 0


@pytest.mark.parametrize("seconds", [1, 3.9, 9])
def test_sentences_with_pauses_are_played_whole(seconds: float) -> None:
    """Each is there at once, and the pause behind it is as long."""
    period = 2 * seconds * RATE_HZ
    player = Player(lambda now: (now // period + 1) * seconds * RATE_HZ)
    player.play(8 * seconds)
    assert player.backlog.drops == 0
    assert np.array_equal(player.sound, np.arange(len(player.sound)))
    # The last pause may have been spent on catching up.
    assert len(player.sound) >= 4 * seconds * RATE_HZ - MAX_SAMPLES


@pytest.mark.parametrize("ahead_s", [0.5, 2, 3.5])
def test_what_a_live_writer_is_ahead_is_dropped_once(ahead_s: float) -> None:
    """It began earlier, or the computer slept."""
    player = Player(lambda now: now + ahead_s * RATE_HZ)
    player.play(60)
    assert player.backlog.drops == 1
    assert player.backlog.held == pytest.approx(TARGET_SAMPLES, abs=2 * BLOCK)
    assert player.backlog.dropped_samples == pytest.approx(ahead_s * RATE_HZ, abs=TARGET_SAMPLES + 1000)


@pytest.mark.parametrize("ppm", [-500, 0, 100])
def test_the_clock_of_a_live_writer_is_followed(ppm: int) -> None:
    """For half an hour: nothing is lost, nothing runs dry, and the delay is what jitter needs."""
    speed = 1 + Fraction(ppm, 1_000_000)
    player = Player(lambda now: now * float(speed) + TARGET_SAMPLES)
    player.play(1800)
    assert player.backlog.drops == 0
    assert player.backlog.speed == pytest.approx(float(speed), abs=2e-5)
    assert player.backlog.held == pytest.approx(TARGET_SAMPLES, abs=2 * BLOCK)
    sound = player.sound
    assert np.array_equal(np.diff(sound[: 1 << 22]), np.ones(min(len(sound), 1 << 22) - 1))


def test_a_writer_of_large_pieces_finds_the_delay_that_it_needs() -> None:
    """``parec`` with its default buffer: a quarter of a second at a time."""
    piece = RATE_HZ // 4
    player = Player(lambda now: now // piece * piece)
    player.play(120)
    assert player.backlog.drops == 0
    # Once begun, it never runs dry.
    gaps = [number for number, part in enumerate(player.heard) if len(part) < BLOCK]
    assert max(gaps) < 10 * SECOND
    assert player.backlog.held < piece + BOUND_SAMPLES


def test_the_end_lets_out_less_than_a_cushion() -> None:
    player = Backlog()
    player.put(np.ones(100, np.float32))
    out = np.zeros(BLOCK, np.float32)
    assert player.take(out) == 0
    player.end()
    assert player.take(out) == 100
    assert player.take(out) == 0


def test_closing_lets_a_writer_go() -> None:
    player = Backlog()
    player.put(np.zeros(MAX_SAMPLES, np.float32))
    assert not player.wait_for_room(0)
    player.close()
    assert player.wait_for_room(0)


def test_speed_stays_within_what_a_timeline_follows() -> None:
    player = Player(lambda now: now * 1.01)
    for _ in range(60):
        player.play(5)
        assert abs(player.backlog.speed - 1) <= module._MAX_SPEED_OFF + 1e-9
