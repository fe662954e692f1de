"""A bar for long work of several steps: on a terminal only, on standard error, gone when the work is done."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from visaged.printable import NAME, printable

Report = Callable[[str, float], None]
"""(what is being done, how much of it, 0..1): told now and then. At 0 the bar only shows that work goes on."""


@contextmanager
def progress_bar() -> Iterator[Report]:
    """What to report to. Without a terminal nothing is shown."""
    if not sys.stderr.isatty():
        yield lambda step, share: None
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TextColumn("{task.percentage:3.0f} %"))
    # What is printed goes where it always goes, not to standard error with the bar.
    bar = Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True, redirect_stdout=False)
    with bar:
        task, shown = bar.add_task("", total=1.0), ""

        def report(step: str, share: float) -> None:
            nonlocal shown
            if step != shown:
                bar.reset(task, description=printable(step, NAME))
                shown = step
            bar.update(task, completed=share, total=1.0 if share > 0 else None)

        yield report
