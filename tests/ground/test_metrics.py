from __future__ import annotations

import tracemalloc
from array import array

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visaged.metrics import HISTOGRAM_CELLS, Counter, Gauge, Histogram, Metrics


def filled(*durations_ms: float) -> Histogram:
    histogram = Histogram()
    for duration_ms in durations_ms:
        histogram.record_ns(duration_ms * 1e6)
    return histogram


def test_an_empty_histogram_has_no_percentile() -> None:
    empty = Histogram().read()
    assert (empty.count, empty.percentile_ms(99)) == (0, None)


@given(st.lists(st.integers(1, 60_000_000), min_size=1, max_size=300), st.sampled_from([1, 50, 95, 99, 100]))
def test_percentiles_are_right_to_two_percent(values_us: list[int], percent: int) -> None:
    histogram = Histogram()
    for value_us in values_us:
        histogram.record_ns(value_us * 1000)
    expected_ms = float(np.percentile(values_us, percent, method="inverted_cdf")) / 1000
    assert histogram.read().percentile_ms(percent) == pytest.approx(expected_ms, rel=0.02, abs=0.001)


def test_the_largest_value_is_exact() -> None:
    assert filled(0.5, 123.457, 3).read().largest_us == 123_457


def test_a_percentile_is_never_above_the_largest_value() -> None:
    # The lowest value of its cell: the middle of the cell is above it.
    assert filled(65.536).read().percentile_ms(100) == 65.536


def test_out_of_range_values_are_kept_at_the_ends() -> None:
    seen = filled(-5, 10**9).read()
    assert seen.count == 2
    assert seen.percentile_ms(1) == 0


def test_a_window_is_the_difference() -> None:
    histogram = filled(100, 100, 100)
    before = histogram.read()
    histogram.record_ns(2e6)
    window = histogram.read().since(before)
    assert window.count == 1
    assert window.percentile_ms(50) == pytest.approx(2, rel=0.02)
    assert window.largest_us == pytest.approx(2000, rel=0.04)


def test_a_window_without_values() -> None:
    histogram = filled(1)
    window = histogram.read().since(histogram.read())
    assert (window.count, window.largest_us, window.percentile_ms(50)) == (0, 0, None)


@pytest.mark.parametrize("cells", [[0] * HISTOGRAM_CELLS, memoryview(array("q", [0] * HISTOGRAM_CELLS))])
def test_any_buffer_of_cells_will_do_and_keeps_its_count(cells: list[int]) -> None:
    Histogram(cells).record_ns(1e6)
    Histogram(cells).record_ns(1e6)
    assert Histogram(cells).read().count == 2


def test_metrics_hands_out_one_figure_per_name() -> None:
    metrics = Metrics()
    metrics.counter("a").add(3)
    metrics.counter("a").add()
    metrics.gauge("b").value = "alsa"
    metrics.provide("c", lambda: 1.5)
    assert metrics.values() == {"a": 4, "b": "alsa", "c": 1.5}
    assert metrics.histogram("h") is metrics.histogram("h")


def test_a_histogram_may_lie_elsewhere() -> None:
    metrics, cells = Metrics(), [0] * HISTOGRAM_CELLS
    metrics.histogram("h", cells)
    Histogram(cells).record_ns(1)
    assert metrics.histogram("h").read().count == 1


def test_new_figures() -> None:
    assert Counter().value == 0
    assert Gauge().value is None


def test_counts_take_no_memory_however_high_they_get() -> None:
    histogram = Histogram()
    marks = [histogram.read()]
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(300):
            for octave in range(1, 20):
                histogram.record_ns(1000 << octave)
        marks.append(histogram.read())
        grown, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # The second mark: its cells of 8 bytes, and nothing for each count.
    assert grown - before < HISTOGRAM_CELLS * 8 + 600
