"""Processes that are stopped, killed, signalled, or left without a processor."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.soak.scenarios.scenario import Scenario
from tests.soak.world import World

_STORM_S = 0.01


@contextmanager
def _killed_sender(world: World) -> Iterator[None]:
    os.kill(world.sender_pid(), signal.SIGKILL)
    yield


@contextmanager
def _stopped_sender(world: World) -> Iterator[None]:
    # Nobody wakes it: the daemon must replace it.
    os.kill(world.sender_pid(), signal.SIGSTOP)
    yield


@contextmanager
def _storm(world: World) -> Iterator[None]:
    over = threading.Event()

    def blow() -> None:
        while not over.wait(_STORM_S):
            world.daemon.send_signal(signal.SIGHUP)

    thread = threading.Thread(target=blow)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextmanager
def _hogs(world: World) -> Iterator[None]:
    """Twice as many busy processes as there are cores."""
    busy = [subprocess.Popen((sys.executable, "-c", "while True: pass")) for _ in range(2 * (os.cpu_count() or 1))]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


SCENARIOS = (
    Scenario(
        "sender-killed",
        "the process that sends is killed",
        "stands still for a tenth of a second; goes on in the same scene time",
        "livelink_sender",
        "a new one is started at once",
        _killed_sender,
        gap_ticks=60,
    ),
    Scenario(
        "sender-stopped",
        "the process that sends is stopped (SIGSTOP)",
        "stands still for one to two seconds",
        "livelink_sender",
        "it is killed after a second without a packet, and replaced",
        _stopped_sender,
        gap_ticks=150,
    ),
    Scenario(
        "sighup-storm",
        "a hundred SIGHUP a second",
        "goes on",
        None,
        "the file is read at most ten times a second",
        _storm,
    ),
    Scenario(
        "cpu-hogs",
        "twice as many busy processes as cores",
        "goes on",
        None,
        "by itself",
        _hogs,
        hold_s=5.0,
    ),
)
