"""The thread of a stage: starts anew, and one that hangs stays in the past."""

from __future__ import annotations

import threading

import pytest

from tests.patience import PATIENCE_S
from visaged.problems import Problems
from visaged.stage_thread import StageThread


def test_it_works_until_it_is_stopped_and_again() -> None:
    thread, seen = StageThread("worker", Problems(), "it does not return", 10.0), list[str]()

    def work(run: threading.Event, word: str) -> None:
        seen.append(f"{threading.current_thread().name} {word}")
        run.wait()
        seen.append("ended")

    for word in ("once", "again"):
        thread.start(work, word)
        assert thread.alive
        thread.stop()
        assert not thread.alive
    assert seen == ["worker once", "ended", "worker again", "ended"]
    thread.stop()


def test_one_that_hangs_is_left_behind_and_knows_it(caplog: pytest.LogCaptureFixture) -> None:
    thread, library, of_the_past = (
        StageThread("worker", Problems(), "the solver does not return", 0.01),
        threading.Event(),
        [],
    )
    done = threading.Event()

    def hang(run: threading.Event) -> None:
        library.wait()
        of_the_past.append(run is not thread.run and run.is_set())
        done.set()

    thread.start(hang)
    thread.stop()
    assert "the solver does not return; its thread is left behind" in caplog.text
    thread.start(lambda run: run.wait())
    assert not thread.run.is_set()
    library.set()
    assert done.wait(PATIENCE_S)
    assert of_the_past == [True]
    assert thread.alive
    thread.stop()
