"""Commands to the daemon over its control socket: a few connections, each used by one call at a time."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from visaged.control.local.client import CommandFailed, ControlClient, NoDaemon
from visaged.control.local.paths import bind_path
from visaged.control.protocol.envelope import AnyCommand, SlowCommand
from visaged.web.errors import HttpRefusal

QUICK: Final = 3
SLOW: Final = 2
"""Connections for quick and for slow commands: together fewer than the places of one user (control/local/asker.py)."""
_WAITING: Final = 32
_QUICK_S: Final = 5.0
# The worker gives a command up first, and says so.
_MARGIN_S: Final = 30.0


class _Lane:
    """Threads with a connection each."""

    def __init__(self, size: int) -> None:
        self._pool = ThreadPoolExecutor(size, thread_name_prefix="gateway")
        self._own = threading.local()
        self._size = size
        self._under_way = 0

    async def call(self, name: str, fields: dict[str, Any], timeout_s: float) -> dict[str, Any]:
        if self._under_way >= self._size + _WAITING:
            raise HttpRefusal("busy", f"{_WAITING} commands wait for the daemon; send again in a second")
        self._under_way += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._pool, self._ask, name, fields, timeout_s)
        finally:
            self._under_way -= 1

    def _ask(self, name: str, fields: dict[str, Any], timeout_s: float) -> dict[str, Any]:
        for last in (False, True):
            client: ControlClient | None = getattr(self._own, "client", None)
            fresh = client is None
            try:
                if client is None:
                    client = self._own.client = ControlClient(bind_path())
                return client.call(name, timeout_s=timeout_s, **fields)
            except CommandFailed as failed:
                raise HttpRefusal(failed.error.code, failed.error.message, failed.error.field) from None
            except NoDaemon as gone:
                self._own.client = None
                if client is not None:
                    client.close()
                # The daemon was started anew, and the connection was to the one before.
                if fresh or last:
                    raise HttpRefusal("unavailable", str(gone), retry_s=1.0) from None
        raise AssertionError("the second try answers or raises")

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)


class Gateway:
    """``call`` from the event loop."""

    def __init__(self) -> None:
        self._quick = _Lane(QUICK)
        self._slow = _Lane(SLOW)

    async def call(self, command: AnyCommand, fields: dict[str, Any]) -> dict[str, Any]:
        """The ``data`` of the answer. Raises HttpRefusal."""
        if isinstance(command, SlowCommand):
            return await self._slow.call(command.name, fields, command.patience_s + _MARGIN_S)
        return await self._quick.call(command.name, fields, _QUICK_S)

    def close(self) -> None:
        """Hang up."""
        self._quick.close()
        self._slow.close()
