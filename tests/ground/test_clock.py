from __future__ import annotations

import random
import signal
import threading
import time
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visaged.clock import NS_PER_MS, NS_PER_S, RATE_HZ, TickSchedule, Timeline, now_ns, sleep_until

BLOCK = 480
RATES = [Fraction(24), Fraction(24000, 1001), Fraction(30000, 1001), Fraction(60), Fraction(120)]


def test_sleep_until_does_not_return_early() -> None:
    deadline = now_ns() + 20 * NS_PER_MS
    sleep_until(deadline)
    assert now_ns() >= deadline


def test_a_deadline_in_the_past_returns() -> None:
    sleep_until(now_ns() - NS_PER_S)
    sleep_until(0)


def test_a_signal_does_not_cut_the_sleep_short() -> None:
    handled: list[int] = []
    before = signal.signal(signal.SIGUSR1, lambda number, _: handled.append(number))
    main_thread = threading.main_thread().ident
    assert main_thread is not None

    def disturb() -> None:
        for _ in range(5):
            time.sleep(0.01)
            signal.pthread_kill(main_thread, signal.SIGUSR1)

    disturber = threading.Thread(target=disturb)
    try:
        disturber.start()
        deadline = now_ns() + 150 * NS_PER_MS
        sleep_until(deadline)
        assert now_ns() >= deadline
        disturber.join()
        assert handled
    finally:
        signal.signal(signal.SIGUSR1, before)


@given(st.sampled_from(RATES), st.integers(-(10**18), 10**18), st.integers(-(10**6), 10**9))
def test_ticks_lie_on_the_exact_grid(rate_hz: Fraction, epoch_ns: int, tick: int) -> None:
    exact = epoch_ns + tick * NS_PER_S / rate_hz
    time_ns = TickSchedule(rate_hz, epoch_ns).time_ns(tick)
    assert exact - 1 < time_ns <= exact


@given(st.sampled_from(RATES), st.integers(0, 10**18), st.integers(0, 10**18))
def test_tick_at_is_the_last_tick_that_is_due(rate_hz: Fraction, epoch_ns: int, time_ns: int) -> None:
    schedule = TickSchedule(rate_hz, epoch_ns)
    tick = schedule.tick_at(time_ns)
    assert schedule.time_ns(tick) <= time_ns < schedule.time_ns(tick + 1)


@given(st.sampled_from(RATES), st.integers(0, 10**18), st.integers(0, 10**9))
def test_tick_at_inverts_time_ns(rate_hz: Fraction, epoch_ns: int, tick: int) -> None:
    schedule = TickSchedule(rate_hz, epoch_ns)
    assert schedule.tick_at(schedule.time_ns(tick)) == tick
    assert schedule.tick_at(schedule.time_ns(tick) - 1) == tick - 1


def test_the_period() -> None:
    assert TickSchedule(Fraction(30000, 1001), 0).period_ns == pytest.approx(1001 / 30000 * 1e9)


def listen(timeline: Timeline, seconds: float, ppm: float = 0.0, jitter_ns: float = 0.0, start: int = 0) -> float:
    """Feed blocks of a card that runs ``ppm`` slow and whose wake-ups come up to ``jitter_ns`` late."""
    noise = random.Random(1)
    period_ns = NS_PER_S / RATE_HZ * (1 + ppm * 1e-6)
    index, time_ns = start, 0.0
    while index < start + seconds * RATE_HZ:
        index += BLOCK
        time_ns = 1e9 + index * period_ns
        timeline.observe(index, int(time_ns + noise.random() * jitter_ns))
    return time_ns


def test_a_new_timeline_knows_nothing() -> None:
    timeline = Timeline()
    assert not timeline.running
    assert (timeline.index_at(5), timeline.time_at(5), timeline.drift_ppm) == (None, None, 0.0)


def test_index_and_time_are_inverse() -> None:
    timeline = Timeline()
    timeline.restart(1000, 5 * NS_PER_S)
    assert timeline.time_at(1000) == 5 * NS_PER_S
    assert timeline.time_at(1000 + RATE_HZ) == pytest.approx(6 * NS_PER_S)
    index = timeline.index_at(5.5 * NS_PER_S)
    assert index == pytest.approx(1000 + RATE_HZ / 2)


@pytest.mark.parametrize("ppm", [-150.0, 0.0, 80.0])
def test_it_learns_the_cards_drift(ppm: float) -> None:
    timeline = Timeline()
    newest_ns = listen(timeline, 60, ppm)
    assert timeline.drift_ppm == pytest.approx(ppm, abs=1)
    index = timeline.index_at(newest_ns)
    assert index == pytest.approx(60 * RATE_HZ, abs=0.5)


def test_wake_up_jitter_hardly_moves_it() -> None:
    timeline = Timeline()
    newest_ns = listen(timeline, 60, jitter_ns=4 * NS_PER_MS)
    heard_ns = timeline.time_at(60 * RATE_HZ)
    assert heard_ns is not None
    # The mean of the jitter, 2 ms, cannot be told from a longer way; its 4 ms of spread must be gone.
    assert heard_ns - newest_ns == pytest.approx(2 * NS_PER_MS, abs=0.3 * NS_PER_MS)
    assert abs(timeline.drift_ppm) < 20


def test_a_jump_is_taken_as_it_is_and_counted() -> None:
    timeline = Timeline()
    newest_ns = listen(timeline, 5)
    index = 5 * RATE_HZ + BLOCK
    timeline.observe(index, int(newest_ns + 300 * NS_PER_MS))
    assert timeline.jumps == 1
    assert timeline.time_at(index) == int(newest_ns + 300 * NS_PER_MS)


def test_a_wrong_rate_is_not_learned_as_drift() -> None:
    timeline = Timeline()
    listen(timeline, 20, ppm=8000)
    assert timeline.drift_ppm <= 2000.001


def test_an_observation_that_does_not_grow_changes_nothing() -> None:
    timeline = Timeline()
    timeline.restart(1000, 5)
    timeline.observe(1000, 50)
    timeline.observe(500, 70)
    assert timeline.time_at(1000) == 5


def test_stop_forgets() -> None:
    timeline = Timeline()
    listen(timeline, 1)
    assert timeline.running
    timeline.stop()
    assert timeline.index_at(0) is None
