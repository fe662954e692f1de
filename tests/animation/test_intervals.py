from __future__ import annotations

import math
import statistics
from random import Random

import numpy as np
import pytest
from scipy import stats

from visaged.animation.intervals import SIGMA, BlinkIntervals


@pytest.mark.parametrize("per_min", [1.0, 5.0, 17.0, 22.0, 40.0, 60.0])
def test_the_mean_is_what_was_asked_for(per_min: float) -> None:
    intervals = BlinkIntervals(Random(1), per_min)
    drawn = [intervals.draw(0.3) for _ in range(40_000)]
    assert statistics.fmean(drawn) == pytest.approx(60 / per_min, rel=0.02)


def test_they_are_log_normal_with_the_spread_of_people() -> None:
    intervals = BlinkIntervals(Random(2), 22.0)
    logs = np.log([intervals.draw(0.0) for _ in range(20_000)])
    middle = logs[logs < math.log(8 * 60 / 22) - 1e-9]
    assert np.std(logs) == pytest.approx(SIGMA, rel=0.03)
    # Recorded faces blink at intervals of median 1.3 s, p95 7.4 s at 22 a minute.
    assert math.exp(float(np.median(logs))) == pytest.approx(1.3, rel=0.25)
    assert math.exp(float(np.percentile(logs, 95))) == pytest.approx(7.4, rel=0.35)
    assert stats.skew(middle) == pytest.approx(0.0, abs=0.15)


def test_a_blink_that_is_going_on_is_waited_for_and_no_pause_lasts_for_minutes() -> None:
    intervals = BlinkIntervals(Random(3), 17.0)
    drawn = [intervals.draw(0.4) for _ in range(20_000)]
    assert min(drawn) == 0.4
    assert max(drawn) == pytest.approx(8 * 60 / 17)
