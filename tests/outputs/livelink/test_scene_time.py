from __future__ import annotations

import itertools
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from visaged.clock import NS_PER_S, TickSchedule
from visaged.outputs.livelink.scene_time import DAY_NS, SceneTime, read_wall_clock

HOUR_NS = 3600 * NS_PER_S
RATE = Fraction(60)
# Noon of some day: the wall clock is this far ahead of the monotonic one.
NOON = 20_000 * DAY_NS + 12 * HOUR_NS


def total(scene: SceneTime, time_ns: int) -> float:
    frame, sub_frame = scene.at(time_ns)
    assert 0 <= sub_frame < 1
    return frame + sub_frame


def test_seconds_since_local_midnight_times_fps() -> None:
    scene = SceneTime(RATE, NOON, 0)
    assert scene.at(0) == (12 * 3600 * 60, 0.0)
    assert scene.at(NS_PER_S // 4) == (12 * 3600 * 60 + 15, 0.0)
    assert scene.at(NS_PER_S + NS_PER_S // 120) == (12 * 3600 * 60 + 60, 0.49999998)


def test_a_fractional_rate_is_exact() -> None:
    scene = SceneTime(Fraction(30000, 1001), NOON, 0)
    frame, sub_frame = scene.at(0)
    assert Fraction(frame) + Fraction(sub_frame).limit_denominator(1001) == Fraction(12 * 3600 * 30000, 1001)


@given(st.sampled_from([Fraction(24), Fraction(30000, 1001), RATE, Fraction(120)]), st.integers(0, DAY_NS // 2))
def test_one_tick_is_one_frame(rate: Fraction, epoch_ns: int) -> None:
    scene, schedule = SceneTime(rate, NOON - HOUR_NS, 0), TickSchedule(rate, epoch_ns)
    totals = [total(scene, schedule.time_ns(tick)) for tick in range(100)]
    assert all(abs(after - before - 1) < 1e-6 for before, after in itertools.pairwise(totals))


def test_a_sub_frame_never_rounds_to_a_whole_one() -> None:
    scene = SceneTime(Fraction(24), NOON, 0)
    frame, sub_frame = scene.at(-1)
    assert frame == 12 * 3600 * 24 - 1
    assert sub_frame < 1
    cell = memoryview(bytearray(4)).cast("f")
    cell[0] = sub_frame
    assert cell[0] < 1


def test_midnight_rolls_over() -> None:
    scene = SceneTime(RATE, NOON, 0)
    assert scene.at(12 * HOUR_NS - 1)[0] == 24 * 3600 * 60 - 1
    assert scene.at(12 * HOUR_NS) == (0, 0.0)
    assert scene.at(36 * HOUR_NS + NS_PER_S) == (60, 0.0)


def test_a_clock_set_forward_is_followed_at_once() -> None:
    scene = SceneTime(RATE, NOON, 0)
    scene.observe(NOON + HOUR_NS)
    assert scene.at(0)[0] == 13 * 3600 * 60


def test_noise_of_reading_the_clock_is_not_followed() -> None:
    scene = SceneTime(RATE, NOON, 0)
    for noise_ns in (900_000, -900_000, 10):
        scene.observe(NOON + noise_ns)
        assert scene.at(0) == (12 * 3600 * 60, 0.0)


def test_a_clock_set_back_runs_on_until_midnight() -> None:
    scene = SceneTime(RATE, NOON, 0)
    before = total(scene, NS_PER_S)
    scene.observe(NOON - HOUR_NS)
    assert total(scene, NS_PER_S) == before
    # The day has 25 hours of scene time; then the wall clock's midnight begins a new one.
    assert scene.at(13 * HOUR_NS - NS_PER_S)[0] == (25 * 3600 - 1) * 60
    assert scene.at(13 * HOUR_NS) == (0, 0.0)


def test_a_clock_set_back_over_midnight_stays_on_the_day() -> None:
    scene = SceneTime(RATE, 20_000 * DAY_NS + NS_PER_S, 0)
    assert scene.at(0)[0] == 60
    scene.observe(20_000 * DAY_NS - NS_PER_S)
    assert scene.at(0)[0] == 60
    assert scene.at(2 * NS_PER_S)[0] == 180


def test_a_clock_set_back_and_forward_again_is_as_if_nothing_was() -> None:
    scene = SceneTime(RATE, NOON, 0)
    scene.observe(NOON - HOUR_NS)
    scene.observe(NOON)
    assert scene.at(0)[0] == 12 * 3600 * 60


def test_a_clock_set_back_by_days_starts_anew() -> None:
    scene = SceneTime(RATE, NOON, 0)
    scene.observe(NOON - 40 * DAY_NS - HOUR_NS)
    assert scene.at(0)[0] == 11 * 3600 * 60


def test_the_next_sender_goes_on_where_the_last_one_was() -> None:
    first = SceneTime(RATE, NOON, 0)
    first.observe(NOON - HOUR_NS)
    second = SceneTime(RATE, NOON - HOUR_NS + 1000, 0, first.state)
    assert second.at(NS_PER_S) == first.at(NS_PER_S)


@given(st.lists(st.tuples(st.integers(1, HOUR_NS), st.integers(-DAY_NS // 4, DAY_NS // 4)), max_size=40))
def test_scene_time_goes_back_only_at_the_wall_clocks_midnight(steps: list[tuple[int, int]]) -> None:
    offset_ns, time_ns = NOON, 0
    scene = SceneTime(RATE, offset_ns, 0)
    latest_day, newest = NOON // DAY_NS, total(scene, 0)
    for pause_ns, step_ns in steps:
        time_ns += pause_ns
        offset_ns += step_ns
        scene.observe(offset_ns)
        now, day = total(scene, time_ns), (time_ns + offset_ns) // DAY_NS
        if day == latest_day or day == latest_day - 1:
            assert now >= newest - 1e-3
        else:
            latest_day = day
        newest = now


def test_the_real_clocks_agree() -> None:
    assert abs(read_wall_clock() - read_wall_clock()) < NS_PER_S
