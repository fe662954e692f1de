"""Where log lines go: above the live view on a terminal, into the journal under systemd, else plain."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

from visaged.system.journal import is_journal, journal_handler
from visaged.system.log_format import PrintableFormatter

if TYPE_CHECKING:
    from rich.console import Console


def log_lines(level: str) -> None:
    """Log from ``level`` on: lines on standard error, which become entries with fields where that is the journal."""
    if is_journal(sys.stderr):
        handler = journal_handler()
    else:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(PrintableFormatter("%(asctime)s %(levelname)-7s %(message)s"))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)


def log_above_live_view(level: str) -> Console:
    """Log to the terminal; returns the console that a live view must share with the log."""
    # A tenth of a second of imports that a box without a terminal need not wait for.
    from rich.console import Console  # noqa: PLC0415
    from rich.logging import RichHandler  # noqa: PLC0415

    console = Console(stderr=True)
    handler = RichHandler(console=console, show_path=False, markup=False)
    handler.setFormatter(PrintableFormatter("%(message)s", "%H:%M:%S"))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    return console
