from __future__ import annotations

from random import Random

import numpy as np
import pytest

from visaged.animation.lid import LidMovement, draw_lid_movement


def durations_ms(lids: LidMovement) -> tuple[float, float]:
    """Closing and opening between 10 % of the peak and the peak, ms, read off the curve every 0.5 ms."""
    times = np.arange(lids.start_s, lids.end_s, 0.0005)
    closed = np.array([lids.closed_at(float(time)) for time in times])
    above = np.flatnonzero(closed >= 0.1 * lids.peak)
    peak = int(closed.argmax())
    return (peak - above[0]) * 0.5, (above[-1] - peak) * 0.5


def test_durations_and_peaks_are_those_of_recorded_faces() -> None:
    rng = Random(1)
    blinks = [draw_lid_movement(rng, 0.0) for _ in range(3000)]
    closing, opening = np.transpose([durations_ms(lids) for lids in blinks])
    assert np.percentile(closing, [25, 50, 75]) == pytest.approx([67, 83, 117], rel=0.07)
    assert np.percentile(opening, [25, 50, 75]) == pytest.approx([100, 133, 275], rel=0.07)
    assert np.percentile(closing + opening, [25, 50, 75]) == pytest.approx([183, 233, 375], rel=0.1)
    peaks = np.array([lids.peak for lids in blinks])
    assert np.percentile(peaks, [25, 50, 75]) == pytest.approx([0.50, 0.65, 0.78], abs=0.03)
    assert (peaks == 1.0).mean() < 0.06


def test_a_blink_starts_and_ends_open_and_moves_no_faster_than_lids_do() -> None:
    rng = Random(2)
    for _ in range(300):
        lids = draw_lid_movement(rng, 5.0)
        times = np.arange(4.9, lids.end_s + 0.1, 0.001)
        closed = np.array([lids.closed_at(float(time)) for time in times])
        assert closed[0] == closed[-1] == 0.0
        assert closed.max() == pytest.approx(lids.peak, rel=0.01)
        assert np.abs(np.diff(closed)).max() * 1000 < 26.0
        assert np.all(np.diff(closed[: closed.argmax()]) >= 0.0)
        assert np.all(np.diff(closed[closed.argmax() :]) <= 0.0)
