from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from tests.patience import PATIENCE_S
from visaged.control.worker import MAX_STUCK, MAX_WAITING, PROBLEM, CommandWorker, SlowJob
from visaged.problems import Problem, Problems

LONG_S = 3600.0


class Desk:
    """A worker, and what is told of its problem."""

    def __init__(self) -> None:
        self.problems = Problems()
        self.worker = CommandWorker(self.problems)
        self.release = threading.Event()
        self.told = threading.Semaphore(0)
        self.cleared = threading.Event()
        self.problems.listen(self._tell)
        self.worker.start()

    def _tell(self, problem: Problem, is_open: bool) -> None:
        if problem.code == PROBLEM and is_open:
            self.told.release()
        elif problem.code == PROBLEM:
            self.cleared.set()

    def words(self) -> str:
        return "".join(problem.message for problem in self.problems.current() if problem.code == PROBLEM)

    def hang(self, name: str) -> None:
        """A command that returns when it is released, and counts as stuck at once."""
        assert self.worker.offer(SlowJob(name, lambda: assert_in_time(self.release), 0.0))
        assert self.told.acquire(timeout=PATIENCE_S)

    def done(self) -> threading.Event:
        """Set once a command that came last has run."""
        done = threading.Event()
        assert self.worker.offer(SlowJob("ping", done.set, LONG_S))
        return done


def assert_in_time(event: threading.Event) -> None:
    assert event.wait(PATIENCE_S)


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.release.set()
    made.worker.stop()


def test_jobs_run_in_their_order(desk: Desk) -> None:
    ran: list[int] = []
    for number in range(MAX_WAITING - 1):
        assert desk.worker.offer(SlowJob("n", lambda number=number: ran.append(number), LONG_S))  # type: ignore[misc]
    assert_in_time(desk.done())
    assert ran == [0, 1, 2]
    assert desk.words() == ""


def test_a_command_that_does_not_return_is_a_problem_and_the_next_is_carried_out(desk: Desk) -> None:
    desk.hang("config.set")
    assert desk.words() == "config.set does not return; others are carried out meanwhile"
    assert_in_time(desk.done())
    desk.cleared.clear()
    desk.release.set()
    assert_in_time(desk.cleared)
    assert desk.words() == ""
    assert_in_time(desk.done())


def test_only_so_many_are_left_behind(desk: Desk) -> None:
    for number in range(MAX_STUCK):
        desk.hang(f"command-{number}")
    assert_in_time(desk.done())
    desk.hang("the last")
    assert desk.words() == "command-0, command-1, command-2, the last does not return; others wait for it"
    waiting = [desk.done() for _ in range(MAX_WAITING)]
    assert not desk.worker.offer(SlowJob("one too many", lambda: None, LONG_S))
    desk.release.set()
    for done in waiting:
        assert_in_time(done)


def test_the_end_comes_with_a_stuck_command(desk: Desk) -> None:
    desk.hang("selftest")
    last = desk.done()
    desk.worker.stop()
    assert_in_time(last)


def test_a_job_that_fails_is_a_problem_and_the_next_runs(desk: Desk) -> None:
    def fail() -> None:
        raise RuntimeError("a defect")

    assert desk.worker.offer(SlowJob("failing", fail, LONG_S))
    assert_in_time(desk.done())
    assert "a defect" in desk.problems.current()[0].message


def test_a_command_is_carried_out_where_no_thread_can_be_started_to_watch_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_memory(timer: threading.Timer) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Timer, "start", no_memory)
    assert_in_time(desk.done())
    assert desk.problems.current() == ()
