"""The last resort: a thread that fails goes on, says so with the place, and pauses longer each time."""

from __future__ import annotations

import threading

import pytest

from tests.patience import wait_until
from visaged import guard
from visaged.problems import Problems


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that would have been made, s."""
    pauses: list[float] = []
    monkeypatch.setattr(guard, "_pause", lambda seconds, stopped: pauses.append(seconds))
    return pauses


def test_a_thread_that_fails_goes_on_and_says_where(no_pauses: list[float]) -> None:
    problems, left = Problems(), [3]

    def work() -> None:
        if left[0]:
            left[0] -= 1
            raise ZeroDivisionError("three times")

    guard.keep_going(work, "codec-up", problems)
    (problem,) = problems.current()
    assert problem.code == "thread_failed_codec_up"
    assert "ZeroDivisionError: three times (test_guard.py:" in problem.message
    assert no_pauses == [0.0, 0.1, 0.5], "the first try is at once, the next ones wait longer"


def test_pauses_have_an_end(no_pauses: list[float]) -> None:
    left = [8]

    def work() -> None:
        if left[0]:
            left[0] -= 1
            raise ValueError

    guard.keep_going(work, "solver", Problems())
    assert no_pauses == [0.0, 0.1, 0.5, 1.0, 5.0, 5.0, 5.0, 5.0]


def test_it_is_over_when_the_thread_has_run_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "SETTLE_S", 0.01)
    problems, failed, over = Problems(), threading.Event(), list[bool]()
    problems.listen(lambda problem, is_open: over.append(not is_open))

    def work() -> None:
        if not failed.is_set():
            failed.set()
            raise ValueError
        wait_until(lambda: not problems.current())

    guard.keep_going(work, "solver", problems)
    assert over == [False, True]


def test_nothing_is_tried_again_after_the_end() -> None:
    problems, calls = Problems(), []

    def work() -> None:
        calls.append(1)
        raise ValueError

    guard.keep_going(work, "solver", problems, lambda: True)
    assert (len(calls), problems.current()) == (1, ())


def test_work_that_is_done_once_is_not_repeated() -> None:
    problems, calls = Problems(), []

    def work() -> None:
        calls.append(1)
        raise KeyError("model")

    thread = guard.once(work, "solver-opener", problems, "Restart it")
    thread.start()
    thread.join()
    (problem,) = problems.current()
    assert (len(calls), problem.code, problem.remedy) == (1, "thread_failed_solver_opener", "Restart it")


def test_an_attempt_that_succeeds_clears_the_one_that_failed() -> None:
    problems, results = Problems(), [ValueError("no"), None]

    def work() -> None:
        result = results.pop(0)
        if result is not None:
            raise result

    guard.attempt(work, "view", problems)
    assert [problem.code for problem in problems.current()] == ["thread_failed_view"]
    guard.attempt(work, "view", problems)
    assert problems.current() == ()
