"""Windows over metrics: the last minute, and what came since the last look."""

from __future__ import annotations

from visaged.clock import NS_PER_MS, NS_PER_S
from visaged.metrics import Metrics
from visaged.windowed_metrics import WindowedMetrics


def test_a_sliding_window_forgets_what_is_older_than_a_minute() -> None:
    metrics = Metrics()
    windowed = WindowedMetrics(metrics, 0, counts=("sent",), histograms=("step",))
    metrics.histogram("step").record_ns(50 * NS_PER_MS)
    durations_s = []
    for second in range(1, 101):
        metrics.counter("sent").add(60)
        metrics.histogram("step").record_ns(NS_PER_MS)
        window = windowed.read(second * NS_PER_S)
        durations_s.append(window.duration_ns / NS_PER_S)
        assert window.rates["sent"] == 60
        assert window.grown["sent"] == 60 * durations_s[-1]
        if second == 30:
            assert (window.histograms["step"].percentile_ms(99) or 0) > 40
    assert (window.histograms["step"].percentile_ms(99) or 0) < 1.1
    assert durations_s[:60] == [*range(1, 61)]
    assert all(60 <= duration_s <= 65 for duration_s in durations_s[60:])


def test_a_rate_over_less_than_a_second_is_not_told() -> None:
    metrics = Metrics()
    metrics.counter("sent").add(1000)  # before it began
    windowed = WindowedMetrics(metrics, 0, counts=("sent",))
    assert windowed.read(NS_PER_S // 2).rates == {"sent": None}
    metrics.counter("sent").add(10)
    assert windowed.read(2 * NS_PER_S).rates == {"sent": 5}


def test_without_a_window_each_reading_is_since_the_one_before() -> None:
    metrics, ticks = Metrics(), 0
    metrics.provide("ticks", lambda: ticks)
    windowed = WindowedMetrics(metrics, 0, counts=("ticks",), histograms=("step",), window_ns=0)
    for grown, at_ns in ((3, 10), (4, 30), (0, 30), (5, 100)):
        ticks += grown
        metrics.histogram("step").record_ns(NS_PER_MS)
        window = windowed.read(at_ns)
        assert window.grown == {"ticks": grown}
        assert window.histograms["step"].count == 1
    assert window.duration_ns == 70
