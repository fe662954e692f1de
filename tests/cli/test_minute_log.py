"""The line of figures: each count says of what it is."""

from __future__ import annotations

from visaged.cli.figures import FigureReader
from visaged.metrics import Metrics


def add(metrics: Metrics, **counts: int) -> None:
    for name, count in counts.items():
        metrics.counter(name.replace("_", ".")).add(count)


def test_the_line_says_what_was_late_skipped_and_overrun() -> None:
    metrics = Metrics()
    add(metrics, livelink_ticks=600, livelink_late=7, livelink_skipped=2, audio_xruns=3)
    reader = FigureReader(metrics)
    add(metrics, livelink_ticks=3600, livelink_late=79, livelink_skipped=1, audio_xruns=4)
    line = reader.read().line()
    assert line.endswith("input none, 79 of 3600 poses late, 1 packets skipped, 4 input overruns")
