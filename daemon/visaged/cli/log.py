"""Where log lines go: above the live view on a terminal, with journal priorities under systemd, else plain."""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rich.console import Console

# sd-daemon(3): a line that begins with <N> gets that syslog priority in the journal.
_PRIORITIES: Final = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3, logging.CRITICAL: 2}


class _JournalFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        priority = _PRIORITIES.get(record.levelno, 6)
        # Each line of a traceback is an entry of its own and needs its own priority.
        return "\n".join(f"<{priority}>{line}" for line in super().format(record).splitlines())


def log_lines(level: str) -> None:
    """Log to standard error, a line each, from ``level`` on."""
    handler = logging.StreamHandler(sys.stderr)
    if "JOURNAL_STREAM" in os.environ:
        handler.setFormatter(_JournalFormatter("%(name)s: %(message)s"))
    else:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(message)s"))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)


def log_above_live_view(level: str) -> Console:
    """Log to the terminal; returns the console that a live view must share with the log."""
    # A tenth of a second of imports that a box without a terminal need not wait for.
    from rich.console import Console  # noqa: PLC0415
    from rich.logging import RichHandler  # noqa: PLC0415

    console = Console(stderr=True)
    handler = RichHandler(console=console, show_path=False, markup=False)
    handler.setFormatter(logging.Formatter("%(message)s", "%H:%M:%S"))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    return console
