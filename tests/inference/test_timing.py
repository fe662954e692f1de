from __future__ import annotations

from visaged.inference.timing import time_steps


def test_a_slow_step_is_still_measured_some_times() -> None:
    calls = []
    timing = time_steps(lambda: calls.append(0), 0.0)
    assert timing.steps == 5
    assert len(calls) == 7
    assert 0 <= timing.p50_ms <= timing.p99_ms
