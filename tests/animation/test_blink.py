from __future__ import annotations

from random import Random

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.animation.rendering import pose_of
from visaged.animation.blink import Blink
from visaged.clock import NS_PER_S
from visaged.curves import INDEX, neutral

LEFT, RIGHT, WIDE = INDEX["EyeBlinkLeft"], INDEX["EyeBlinkRight"], INDEX["EyeWideLeft"]


def lids(blink: Blink, seconds: float, fps: int = 60, start_s: float = 0.0) -> NDArray[np.float32]:
    """Left and right EyeBlink, [ticks, 2]."""
    pose = neutral()
    seen = np.empty((round(seconds * fps), 2), np.float32)
    for tick in range(len(seen)):
        pose.fill(0.0)
        blink.apply(pose, round(start_s * NS_PER_S) + tick * NS_PER_S // fps)
        seen[tick] = pose[LEFT], pose[RIGHT]
    return seen


def count(closed: NDArray[np.float32]) -> int:
    """Blinks: rises through 5 %."""
    left = closed[:, 0] > 0.05
    return int((left[1:] & ~left[:-1]).sum())


@pytest.mark.parametrize("per_min", [6.0, 17.0, 30.0])
def test_the_rate_is_kept_within_a_tenth_over_two_hours(per_min: float) -> None:
    blinks = count(lids(Blink(Random(4), per_min), 7200, fps=30))
    assert blinks / 120 == pytest.approx(per_min, rel=0.1)


def test_blinks_that_saccades_take_along_do_not_change_the_rate() -> None:
    blink, rng, pose = Blink(Random(5), 17.0), Random(6), neutral()
    blinks, was_open, next_s = 0, True, 0.0
    for tick in range(7200 * 30):
        time_s = tick / 30
        if next_s <= time_s:
            blink.pull(next_s)
            next_s += rng.expovariate(1.5)
        pose.fill(0.0)
        blink.apply(pose, round(time_s * NS_PER_S))
        is_open = bool(pose[LEFT] < 0.05)
        blinks += was_open and not is_open
        was_open = is_open
    assert blinks / 120 == pytest.approx(17.0, rel=0.1)


def test_a_large_saccade_takes_a_due_blink_along() -> None:
    with_saccade, without = Blink(Random(7), 17.0), Blink(Random(7), 17.0)
    due_s = float(np.argmax(lids(without, 60)[:, 0] > 0.05)) / 60
    with_saccade.pull(due_s - 1.0)
    assert np.argmax(lids(with_saccade, 60)[:, 0] > 0.05) / 60 == pytest.approx(due_s - 1.0, abs=0.05)


def test_left_and_right_go_together_but_are_not_copies() -> None:
    left, right = lids(Blink(Random(8), 30.0), 600).T
    assert np.corrcoef(left, right)[0, 1] > 0.99
    assert not np.array_equal(left, right)


def test_a_request_blinks_at_once_and_only_once() -> None:
    blink = Blink(Random(9), 0.0)
    assert count(lids(blink, 60)) == 0
    blink.request()
    blink.request()
    closed = lids(blink, 2, start_s=60)
    assert count(closed) == 1
    assert closed[:12, 0].max() > 0.3


def test_a_request_during_a_blink_does_not_start_it_again() -> None:
    blink = Blink(Random(9), 0.0)
    blink.request()
    first = lids(blink, 0.1)
    blink.request()
    closed = np.concatenate([first, lids(blink, 2, start_s=0.1)])
    assert count(closed) == 1
    assert np.abs(np.diff(closed[:, 0])).max() < 26 / 60


def test_a_new_rate_counts_from_now_on() -> None:
    blink = Blink(Random(10), 0.0)
    lids(blink, 10)
    blink.set_rate(30.0)
    assert count(lids(blink, 3600, start_s=10)) / 60 == pytest.approx(30.0, rel=0.1)
    blink.set_rate(0.0)
    lids(blink, 2, start_s=3610)
    assert count(lids(blink, 300, start_s=3612)) == 0


def test_lowered_lids_close_from_where_they_are_and_wide_eyes_close() -> None:
    blink = Blink(Random(11), 0.0)
    blink.apply(neutral(), 0)
    blink.request()
    for tick in range(60):
        pose = pose_of(EyeBlinkLeft=0.4, EyeBlinkRight=0.4, EyeWideLeft=0.3)
        blink.apply(pose, tick * NS_PER_S // 60)
        assert 0.4 <= pose[LEFT] <= 1.0
        closed = (pose[LEFT] - 0.4) / 0.6
        assert pose[WIDE] == pytest.approx(0.3 * (1 - closed), abs=1e-5)


def test_the_tick_rate_does_not_change_when_blinks_come() -> None:
    slow, fast = lids(Blink(Random(12), 20.0), 120, fps=30), lids(Blink(Random(12), 20.0), 120, fps=120)
    assert np.allclose(slow, fast[::4], atol=1e-6)
