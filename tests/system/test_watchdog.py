from __future__ import annotations

import threading
import time
from collections.abc import Callable

from tests.patience import PATIENCE_S
from visaged.clock import NS_PER_S
from visaged.metrics import Metrics
from visaged.problems import Problems
from visaged.system.watchdog import PROBLEM, RESTARTS, WITHIN_S, Watchdog, Watched


class Stage:
    """A stage that is wedged until it was restarted often enough; never, by default."""

    def __init__(self, wedged: str | None = None, heals_after: int | None = None) -> None:
        self.words = wedged
        self.restarts = 0
        self._heals_after = heals_after

    def wedged(self, _time_ns: int) -> str | None:
        return self.words

    def restart(self) -> None:
        self.restarts += 1
        if self.restarts == self._heals_after:
            self.words = None

    def watched(self, name: str = "stage") -> Watched:
        return Watched(name, self.wedged, self.restart)


class Bench:
    def __init__(self, *stages: Watched) -> None:
        self.metrics, self.problems = Metrics(), Problems()
        self.watchdog = Watchdog(stages, self.metrics, self.problems)
        self.now_ns = 1

    def check(self, seconds: float = 0.1) -> bool:
        """Let time pass, wait for a mender that is at work, check."""
        self.now_ns += int(seconds * NS_PER_S)
        for thread in threading.enumerate():
            if thread.name == "watchdog-mender" and not getattr(thread, "hangs", False):
                thread.join(PATIENCE_S)
        return self.watchdog.check(self.now_ns)

    def codes(self) -> list[str]:
        return [problem.code for problem in self.problems.current()]


def test_fed_while_all_is_well() -> None:
    bench = Bench(Stage().watched(), Stage().watched())
    assert all(bench.check() for _ in range(100))
    assert bench.codes() == []


def test_a_wedged_stage_is_restarted_in_place_and_said_until_it_has_stayed_well() -> None:
    stage = Stage("no pose for 1.2 s", heals_after=1)
    bench = Bench(Stage().watched("other"), stage.watched("animation"))
    assert bench.check()
    assert bench.check()
    assert stage.restarts == 1
    (problem,) = bench.problems.current()
    assert problem.code == PROBLEM
    assert "animation: no pose for 1.2 s" in problem.message
    assert bench.check(5)
    assert bench.codes() == [PROBLEM]
    assert bench.check(6)
    assert bench.codes() == []
    assert bench.metrics.values()["watchdog.restarts"] == 1


def test_what_does_not_heal_is_given_up_with_its_reason() -> None:
    stage = Stage("no sign of life for 2.1 s")
    bench = Bench(stage.watched("solver"))
    fed = [bench.check(2) for _ in range(20)]
    assert stage.restarts == RESTARTS
    assert not fed[-1]
    assert fed.index(False) > RESTARTS - 1
    assert bench.watchdog.gave_up is not None
    assert "solver: no sign of life for 2.1 s" in bench.watchdog.gave_up
    stage.words = None
    assert not bench.check(), "there is no way back"


def test_restarts_far_apart_are_not_too_many() -> None:
    stage = Stage("wedged")
    bench = Bench(stage.watched())
    for _ in range(4 * RESTARTS):
        stage.words = "wedged"
        assert bench.check(WITHIN_S / (RESTARTS - 1))
        stage.words = None
        assert bench.check(1)
    assert bench.watchdog.gave_up is None


def test_what_cannot_be_restarted_ends_the_process() -> None:
    bench = Bench(Watched("Live Link sender", lambda _: "no packet was sent for 3.1 s", None))
    assert not bench.check()
    assert bench.watchdog.gave_up == "Live Link sender: no packet was sent for 3.1 s"


def test_a_restart_that_hangs_does_not_hold_up_the_feeding_and_is_given_up() -> None:
    released = threading.Event()
    bench = Bench(Watched("solver", lambda _: "wedged", lambda: bool(released.wait(30))))
    assert bench.watchdog.check(1 * NS_PER_S)
    assert bench.watchdog.check(3 * NS_PER_S), "it has a moment"
    assert not bench.watchdog.check(7 * NS_PER_S)
    assert bench.watchdog.gave_up == "solver: restarting it hangs"
    released.set()


def test_one_stage_is_restarted_at_a_time() -> None:
    running: list[int] = []
    most: list[int] = []

    def restart() -> None:
        running.append(1)
        most.append(len(running))
        time.sleep(0.02)
        running.pop()

    def stage(name: str) -> Watched:
        words: Callable[[int], str | None] = lambda _: "wedged"  # noqa: E731
        return Watched(name, words, restart)

    bench = Bench(stage("one"), stage("two"))
    bench.watchdog.check(NS_PER_S)
    bench.watchdog.check(NS_PER_S + 1)
    bench.check()
    assert max(most) == 1
