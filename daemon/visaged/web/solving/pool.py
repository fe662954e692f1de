"""The pool of workers: processes that stand back, a bounded queue in front of them, warm while they are used.

What ends a worker (a decoder that crashes, memory, a sound that hangs it) ends that one job: the next gets a new one.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import visaged
from visaged.web.errors import HttpRefusal

SIZE: Final = 1
"""Workers: a box has two cores, and one of them is the face's."""
MAX_WAITING: Final = 8
# Ten minutes of sound through NeuroSync on a slow box.
LONGEST_S: Final = 1800.0
# A worker holds 150 MiB: nobody who asks once a day shall pay for it all day.
WARM_S: Final = 600.0
_LINE_BYTES: Final = 1 << 20
_END_S: Final = 2.0

_MAIN: Final = "import sys; sys.path.insert(0, {root!r}); from visaged.web.solving.worker import main; main()"

Progress = Callable[[float], None]
"""Told 0..1."""


class WorkerEnded(Exception):
    """It is gone; the message says how."""


class WorkerProcess:
    """One worker, started when it is needed. One job at a time."""

    def __init__(self, roots: tuple[Path, ...]) -> None:
        self._roots = roots
        self._process: Process | None = None

    async def run(self, job: dict[str, Any], progress: Progress) -> dict[str, Any]:
        """The answer to ``job`` (worker.py). Raises HttpRefusal, WorkerEnded. Cancelled: the worker is killed."""
        process = await self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(job).encode() + b"\n")
            await process.stdin.drain()
            while line := await process.stdout.readline():
                message = json.loads(line)
                if "progress" in message:
                    progress(float(message["progress"]))
                elif "error" in message:
                    error = message["error"]
                    raise HttpRefusal(error["code"], error["message"], error.get("field"))
                else:
                    return dict(message["done"])
            raise WorkerEnded
        except (OSError, ValueError, KeyError, WorkerEnded):
            raise WorkerEnded(await self.end()) from None
        except asyncio.CancelledError:
            await self.end()
            raise

    async def end(self) -> str:
        """Kill it; how it ended."""
        process, self._process = self._process, None
        if process is None:
            return "it did not run"
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        with contextlib.suppress(TimeoutError, asyncio.TimeoutError):
            await asyncio.wait_for(process.wait(), _END_S)
        return f"status {process.returncode}"

    async def _started(self) -> Process:
        if self._process is None or self._process.returncode is not None:
            main = _MAIN.format(root=str(Path(visaged.__file__).parents[1]))
            try:
                self._process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-I", "-c", main, str(os.getpid()), *map(str, self._roots)),
                    stdin=PIPE,
                    stdout=PIPE,
                    stderr=asyncio.subprocess.DEVNULL,
                    limit=_LINE_BYTES,
                )
            except OSError as error:
                raise HttpRefusal("unavailable", f"a worker cannot be started: {error.strerror}") from None
        return self._process


class SolvingPool:
    """``run`` a job when its turn comes. Event loop only."""

    def __init__(self, roots: tuple[Path, ...], size: int = SIZE, max_waiting: int = MAX_WAITING) -> None:
        self._workers = [WorkerProcess(roots) for _ in range(size)]
        self._free = list(self._workers)
        self._turn = asyncio.Semaphore(size)
        self._max_waiting = max_waiting
        self._cooling: asyncio.TimerHandle | None = None
        self._ending: asyncio.Task[None] | None = None
        self.waiting = 0
        self.running = 0

    async def run(
        self, job: dict[str, Any], progress: Progress = lambda done: None, began: Callable[[], None] = lambda: None
    ) -> dict[str, Any]:
        """The answer; ``began``: its turn has come. Raises HttpRefusal, busy when the queue is full."""
        if self.waiting >= self._max_waiting:
            raise HttpRefusal("busy", f"{self.waiting} sounds wait to be solved; send again later", retry_s=5.0)
        self.waiting += 1
        try:
            await self._turn.acquire()
        finally:
            self.waiting -= 1
        self.running += 1
        worker = self._free.pop()
        self._warm()
        try:
            began()
            return await asyncio.wait_for(worker.run(job, progress), LONGEST_S)
        except (TimeoutError, asyncio.TimeoutError):
            raise HttpRefusal("failed", f"it was not solved within {LONGEST_S:g} s and was given up") from None
        except WorkerEnded as ended:
            raise HttpRefusal("failed", f"the process that solved it ended ({ended})") from None
        finally:
            self._free.append(worker)
            self.running -= 1
            self._turn.release()
            self._warm()

    def _warm(self) -> None:
        """Keep the workers for a while; end them when nobody came."""
        if self._cooling is not None:
            self._cooling.cancel()
        self._cooling = asyncio.get_running_loop().call_later(WARM_S, self._cool)

    def _cool(self) -> None:
        if not self.running and not self.waiting:
            self._ending = asyncio.create_task(self.close())

    async def close(self) -> None:
        """End the workers."""
        if self._cooling is not None:
            self._cooling.cancel()
        for worker in self._workers:
            await worker.end()
