"""The live face, read off the pose board at its own rate while somebody watches. The sender sees nothing of it.

One task reads; each viewer takes the newest pose when it is ready for one. A viewer that does not keep up misses poses
and holds up nobody.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from fractions import Fraction
from typing import Final

import numpy as np

from visaged.clock import NS_PER_S, now_ns
from visaged.curves import COUNT
from visaged.outputs.board import PoseBoard, Slot
from visaged.web.errors import HttpRefusal
from visaged.web.live.message import encode

MAX_VIEWERS: Final = 24
# The pose of a tick is put up before the tick; just after it, it is there for certain.
_AFTER_NS: Final = 1_000_000
# No pose is looked for further back: the daemon has stopped, or hangs.
_LOOK_S: Final = 0.5


class FaceFeed:
    """``use`` a board, ``watch`` it. Event loop only."""

    def __init__(self) -> None:
        self._board: PoseBoard | None = None
        self._task: asyncio.Task[None] | None = None
        self._changed = asyncio.Condition()
        self._message = b""
        self._tick = -1
        self.viewers = 0

    @property
    def rate_hz(self) -> Fraction | None:
        """Poses a second; None while there is no board."""
        return None if self._board is None else self._board.schedule.rate_hz

    def use(self, board_fd: int) -> None:
        """Watch this board from now on; the descriptor stays the caller's."""
        self._board = PoseBoard(board_fd, read_only=True)
        self._tick = -1

    async def watch(self, every: int = 1) -> AsyncIterator[bytes]:
        """Messages (message.py), each ``every``-th tick, until the caller stops. Raises HttpRefusal: too many."""
        if self.viewers >= MAX_VIEWERS:
            raise HttpRefusal("busy", f"{MAX_VIEWERS} viewers watch already; try again later")
        self.viewers += 1
        try:
            if self._task is None or self._task.done():
                self._task = asyncio.create_task(self._read())
            seen = -1
            while True:
                async with self._changed:
                    while self._tick == seen or self._tick % every:
                        await self._changed.wait()
                seen = self._tick
                yield self._message
        finally:
            self.viewers -= 1
            if not self.viewers and self._task is not None:
                self._task.cancel()
                self._task = None

    def close(self) -> None:
        """Stop reading."""
        if self._task is not None:
            self._task.cancel()

    async def _read(self) -> None:
        while True:
            board = self._board
            if board is None:
                await asyncio.sleep(_LOOK_S)
                continue
            schedule = board.schedule
            tick = schedule.tick_at(now_ns())
            await asyncio.sleep(max(schedule.time_ns(tick + 1) + _AFTER_NS - now_ns(), 0) / NS_PER_S)
            slot = board.newest_slot(tick + 1)
            if slot is not None and slot.tick != self._tick and board is self._board:
                self._message = encode(slot.media_time_ns, schedule.time_ns(slot.tick), _curves(slot))
                self._tick = slot.tick
                async with self._changed:
                    self._changed.notify_all()


def _curves(slot: Slot) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.frombuffer(slot.curves, ">f4", COUNT).astype(np.float32)


async def closing(messages: AsyncIterator[bytes]) -> None:
    """End a ``watch`` at once, not when the collector comes by."""
    with contextlib.suppress(AttributeError):
        await messages.aclose()  # type: ignore[attr-defined]
