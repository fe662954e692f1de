from __future__ import annotations

from visaged.app.flood_watch import FloodWatch
from visaged.clock import NS_PER_S
from visaged.metrics import Metrics
from visaged.problems import Problems


def test_what_is_turned_away_is_a_problem_until_ten_seconds_after_the_last() -> None:
    metrics, problems, turned_away = Metrics(), Problems(), [0]
    busy = metrics.counter("control.busy")
    metrics.provide("control.turned_away", lambda: turned_away[0])
    watch = FloodWatch(metrics, problems)

    def codes(second: int) -> list[str]:
        watch.update(second * NS_PER_S)
        return [problem.code for problem in problems.current()]

    assert codes(1) == []
    busy.add()
    assert codes(2) == ["command_flood"]
    turned_away[0] += 1
    assert codes(11) == ["command_flood"]
    assert codes(20) == ["command_flood"], "the last came 9 s ago"
    assert codes(21) == []
    assert codes(22) == []


def test_a_daemon_without_a_control_side_is_not_flooded() -> None:
    problems = Problems()
    FloodWatch(Metrics(), problems).update(NS_PER_S)
    assert problems.current() == ()
