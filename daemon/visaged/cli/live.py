"""What ``visaged run`` shows on a terminal: the face, its figures, its problems; elsewhere one log line a minute."""

from __future__ import annotations

import logging
from types import TracebackType
from typing import Final

from rich.console import Console

from visaged.clock import NS_PER_S, now_ns
from visaged.daemon import Daemon
from visaged.figures import FigureReader

log = logging.getLogger(__name__)

_LOG_EVERY_NS: Final = 60 * NS_PER_S


class Live:
    """A context in which ``update`` may be called a few times a second."""

    def __init__(self, daemon: Daemon, console: Console) -> None:
        self._reader = FigureReader(daemon.metrics)
        self._logged_ns = now_ns()

    def __enter__(self) -> Live:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        log.info("%s", self._reader.read().line())

    def update(self) -> None:
        """Log once a minute."""
        if now_ns() - self._logged_ns >= _LOG_EVERY_NS:
            self._logged_ns = now_ns()
            log.info("%s", self._reader.read().line())
