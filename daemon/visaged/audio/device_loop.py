"""The thread of a stage that lives on a device which may be missing, pulled out and plugged in again."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable
from typing import Final

from visaged.audio.errors import AudioError, OpenAnew
from visaged.clock import NS_PER_S, now_ns
from visaged.guard import guarded
from visaged.problems import Problems
from visaged.realtime import go_realtime

log = logging.getLogger(__name__)

# Fast enough that a replug is not noticed as a pause; slow enough that a box without the device does nothing much.
_RETRY_FIRST_S: Final = 0.25
_RETRY_LAST_S: Final = 5.0
# Devices are waited for in steps of 0.1 s; a thread that has not ended by then hangs in a driver.
_STOP_S: Final = 0.5
_SIGN_OF_LIFE_S: Final = 0.25


class Run:
    """One life of the thread, from start to stop. What is ``left_behind`` must not touch what the stage owns."""

    thread: threading.Thread

    def __init__(self, on_works: Callable[[], None]) -> None:
        self.stopping = threading.Event()
        self.left_behind = False
        self.alive_ns = now_ns()
        self.retry_s = _RETRY_FIRST_S
        self._on_works = on_works

    def is_alive(self) -> None:
        """Called at least every 0.5 s by whoever runs on the thread."""
        self.alive_ns = now_ns()

    def works(self) -> None:
        """The device delivers: what was wrong is over."""
        self.retry_s = _RETRY_FIRST_S
        self._on_works()


class DeviceLoop:
    """Calls ``serve(run)`` on a thread of its own, again and again with growing pauses while it raises AudioError.

    ``serve`` opens the device, calls ``run.works()`` when it delivers, and returns when ``run.stopping`` is set. It may
    raise OpenAnew to be called at once. A failure is said once, as the problem ``code``, until the device works again.
    """

    def __init__(
        self, name: str, code: str, problems: Problems, serve: Callable[[Run], None], realtime_priority: int
    ) -> None:
        """``realtime_priority``: SCHED_FIFO priority of the thread, 0 for none."""
        self.name = name
        self._code = code
        self._problems = problems
        self._serve = serve
        self._priority = realtime_priority
        self._run: Run | None = None

    @property
    def alive_ns(self) -> int:
        """CLOCK_MONOTONIC of the thread's last sign of life: at most 0.5 s old while it is well. 0: not started."""
        return 0 if self._run is None else self._run.alive_ns

    def start(self) -> None:
        """Start the thread; nothing happens when it runs."""
        if self._run is not None:
            return
        run = Run(lambda: self._problems.clear(self._code))
        name, stopped = f"visaged-{self.name}", run.stopping.is_set
        run.thread = guarded(lambda: self._live(run), name, self._problems, stopped)
        self._run = run
        run.thread.start()

    def stop(self) -> bool:
        """End the thread within 0.5 s; False when it hangs in a driver and had to be left behind.

        A device that is missing stays a problem: it did not come back. ``forget_problem`` is for one that nobody wants
        any longer.
        """
        run, self._run = self._run, None
        if run is None:
            return True
        run.stopping.set()
        run.thread.join(_STOP_S)
        if run.thread.is_alive():
            run.left_behind = True
            log.warning("audio %s hangs in its driver: its thread is left behind", self.name)
        return not run.left_behind

    def forget_problem(self) -> None:
        """What was wrong is of no concern any longer: another device is to be used, or none."""
        self._problems.clear(self._code)

    def _live(self, run: Run) -> None:
        go_realtime(self._priority)
        jitter = random.Random()
        while not run.stopping.is_set():
            run.is_alive()
            try:
                self._serve(run)
            except OpenAnew as why:
                log.debug("audio %s is opened anew: %s", self.name, why)
            except AudioError as error:
                if run.stopping.is_set():
                    return
                self._problems.open(self._code, str(error), error.remedy)
                # Jitter: a hundred boxes on one power strip should not all ask at once.
                end_ns = now_ns() + int(run.retry_s * jitter.uniform(0.75, 1.25) * NS_PER_S)
                run.retry_s = min(run.retry_s * 2, _RETRY_LAST_S)
                while now_ns() < end_ns and not run.stopping.wait(_SIGN_OF_LIFE_S):
                    run.is_alive()
