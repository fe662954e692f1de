"""What ``visaged run`` says without a terminal: one log line of figures a minute, and one at the end."""

from __future__ import annotations

import logging
from types import TracebackType
from typing import Final

from visaged.app.daemon import Daemon
from visaged.cli.figures import FigureReader
from visaged.clock import NS_PER_S, now_ns

log = logging.getLogger(__name__)

_EVERY_NS: Final = 60 * NS_PER_S


class MinuteLog:
    """A context in which ``update`` is called some ten times a second."""

    def __init__(self, daemon: Daemon) -> None:
        self._reader = FigureReader(daemon.stages.metrics)
        self._logged_ns = now_ns()

    def __enter__(self) -> MinuteLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        log.info("%s", self._reader.read().line())

    def update(self) -> None:
        """Log when a minute is over."""
        time_ns = now_ns()
        if time_ns - self._logged_ns >= _EVERY_NS:
            self._logged_ns = time_ns
            log.info("%s", self._reader.read().line())
