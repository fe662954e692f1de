"""Waiting in tests: for what must come about, however busy the machine is.

No test says how fast something comes. A wait that is over early costs nothing, so all wait as long as this.
"""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE_S = 60.0
"""What an idle machine does in one second a loaded one may do in twenty. What takes longer than this will not come."""


def wait_until(condition: Callable[[], object], what: str | Callable[[], str] = "it", *, look_s: float = 0.005) -> None:
    """Return when ``condition`` holds; fails, with ``what`` was waited for, after ``PATIENCE_S``.

    ``look_s``: how long between two looks, for conditions that cost something.
    """
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() >= deadline:
            raise AssertionError(f"waited in vain for {what if isinstance(what, str) else what()}")
        time.sleep(look_s)
