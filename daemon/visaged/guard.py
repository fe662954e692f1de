"""The last resort around a thread that serves: what nobody foresaw is a problem in health, and the thread goes on.

A defect, or an input that nobody thought of, must not end the face: nothing that arrives can end anything.
Errors that are foreseen are dealt with where they happen; what reaches this file is worth a report.
"""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Final

from visaged.clock import NS_PER_S, now_ns
from visaged.problems import Problems

log = logging.getLogger(__name__)

# The first try is at once: most defects hang on one input that is gone by then. Then more and more seldom.
PAUSES_S: Final = (0.0, 0.1, 0.5, 1.0, 5.0)
# It has to run as long as this before the failure counts as over.
SETTLE_S = 10.0
_LOOK_S: Final = 0.05
_REMEDY: Final = "It goes on by itself; report this with the log: journalctl -u visaged"


def keep_going(
    work: Callable[[], None],
    name: str,
    problems: Problems,
    stopped: Callable[[], bool] = lambda: False,
) -> None:
    """Call ``work`` until it returns, or until ``stopped``; after an exception again, with longer and longer pauses.

    The problem ``thread_failed_NAME`` says what went wrong and where; it is over when the thread has run for
    ``SETTLE_S`` since.
    """
    code = f"thread_failed_{name.replace('-', '_')}"
    failures = 0
    while True:
        began_ns = now_ns()
        try:
            work()
            return
        except Exception as error:
            if stopped():
                return
            failures = 0 if now_ns() - began_ns > SETTLE_S * NS_PER_S else failures
            log.exception("the thread '%s' failed", name)
            problems.open(code, f"the thread '{name}' failed: {describe(error)}", _REMEDY)
        _pause(PAUSES_S[min(failures, len(PAUSES_S) - 1)], stopped)
        failures += 1
        if stopped():
            return
        problems.clear_after(code, SETTLE_S)


def guarded(
    work: Callable[[], None], name: str, problems: Problems, stopped: Callable[[], bool] = lambda: False
) -> threading.Thread:
    """A thread, not started, that keeps ``work`` going; the process does not wait for it."""
    return threading.Thread(target=keep_going, args=(work, name, problems, stopped), name=name, daemon=True)


def once(work: Callable[[], None], name: str, problems: Problems, remedy: str) -> threading.Thread:
    """A thread, not started, for work that is done once: a failure is a problem, and is not tried again."""

    def run() -> None:
        code = f"thread_failed_{name.replace('-', '_')}"
        try:
            work()
        except Exception as error:
            log.exception("the thread '%s' failed", name)
            problems.open(code, f"the thread '{name}' failed: {describe(error)}", remedy)
        else:
            problems.clear(code)

    return threading.Thread(target=run, name=name, daemon=True)


def attempt(work: Callable[[], None], name: str, problems: Problems) -> None:
    """Call ``work`` now, on this thread; a failure is a problem until the next call that succeeds."""
    code = f"thread_failed_{name.replace('-', '_')}"
    try:
        work()
    except Exception as error:
        log.debug("'%s' failed", name, exc_info=error)
        problems.open(code, f"'{name}' failed: {describe(error)}", _REMEDY)
    else:
        problems.clear(code)


def describe(error: BaseException) -> str:
    """``ZeroDivisionError: division by zero (stage.py:131 in _run)``: what, and the place in our own code."""
    frames = traceback.extract_tb(error.__traceback__)[1:]  # the first is this file
    ours = [frame for frame in frames if "visaged" in Path(frame.filename).parts] or frames
    place = f" ({Path(ours[-1].filename).name}:{ours[-1].lineno} in {ours[-1].name})" if ours else ""
    return f"{type(error).__name__}: {str(error)[:200]}{place}"


def _pause(seconds: float, stopped: Callable[[], bool]) -> None:
    end_ns = now_ns() + round(seconds * NS_PER_S)
    while now_ns() < end_ns and not stopped():
        time.sleep(_LOOK_S)
