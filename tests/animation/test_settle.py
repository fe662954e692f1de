from __future__ import annotations

import numpy as np

from tests.animation.rendering import pose_of
from visaged.animation.settle import Settle
from visaged.clock import NS_PER_MS


def shown(settle: Settle, value: float, time_ms: int) -> float:
    pose = pose_of(JawOpen=value)
    settle.apply(pose, time_ms * NS_PER_MS)
    return float(pose.max())


def test_without_a_break_nothing_is_changed() -> None:
    settle = Settle(100)
    assert [shown(settle, value, ms) for ms, value in ((0, 0.25), (10, 0.75), (20, 0.0))] == [0.25, 0.75, 0.0]


def test_a_break_starts_from_what_was_shown_and_fades() -> None:
    settle = Settle(100)
    shown(settle, 0.75, 0)
    settle.absorb()
    values = [shown(settle, 0.25, 10 + ms) for ms in range(0, 121, 5)]
    assert values[0] == 0.75
    assert np.all(np.diff(values) <= 0)
    assert values[20:] == [0.25] * 5
    # 0.5 over 100 ms, 1.5 times as fast in the middle.
    assert np.abs(np.diff(values)).max() <= 0.5 * 1.5 * 5 / 100 + 1e-6


def test_movement_goes_on_underneath() -> None:
    settle = Settle(100)
    shown(settle, 0.5, 0)
    settle.absorb()
    assert shown(settle, 0.0, 10) == 0.5
    assert shown(settle, 0.25, 11) > 0.7


def test_a_break_within_a_break_starts_from_what_is_shown_then() -> None:
    settle = Settle(100)
    shown(settle, 1.0, 0)
    settle.absorb()
    shown(settle, 0.0, 10)
    half_way = shown(settle, 0.0, 60)
    settle.absorb()
    assert shown(settle, 0.2, 70) == np.float32(half_way)


def test_start_at_forgets() -> None:
    settle = Settle(100)
    shown(settle, 1.0, 0)
    settle.absorb()
    settle.start_at(pose_of(JawOpen=0.1))
    assert shown(settle, 0.3, 10) == np.float32(0.3)
