"""The open problems as health says them, over the local socket; also while that is flooded or cannot be reached."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from visaged.control.local.client import CommandFailed, ControlClient, NoDaemon

_TIMEOUT_S = 5.0
_LOOK_S = 0.1


class HealthWatch:
    """Keeps one connection, as a monitor does, and makes a new one when it is lost."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._client: ControlClient | None = None
        self.open: frozenset[str] = frozenset()
        """At the last look that was answered."""
        self.seen: set[str] = set()
        """Since this was last cleared."""
        self.unanswered = 0

    def close(self) -> None:
        """Hang up."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def ask(self) -> Mapping[str, Any] | None:
        """The whole of health; None: no answer."""
        try:
            if self._client is None:
                self._client = ControlClient(self._socket)
            return self._client.call("health.get", timeout_s=_TIMEOUT_S)
        except CommandFailed:
            return None
        except NoDaemon:
            self.unanswered += 1
            self.close()
            return None

    def codes(self) -> frozenset[str] | None:
        """What is open now; None: health did not answer."""
        health = self.ask()
        if health is None:
            return None
        self.open = frozenset(problem["code"] for problem in health["problems"])
        self.seen |= self.open
        return self.open

    def settle(self, longest_s: float) -> None:
        """Wait until nothing is wrong, but no longer than that."""
        deadline = time.monotonic() + longest_s
        while self.codes() != frozenset() and time.monotonic() < deadline:
            time.sleep(_LOOK_S)
