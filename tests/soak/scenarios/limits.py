"""The kernel gives no more: descriptors, memory. Limits of the running daemon are lowered from outside."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.soak.scenarios.scenario import Scenario
from tests.soak.world import World
from visaged.control.local.client import CommandFailed, ControlClient, NoDaemon


@contextmanager
def _limited(pid: int, which: int, limit: int) -> Iterator[None]:
    before = resource.prlimit(pid, which)
    resource.prlimit(pid, which, (limit, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, which, before)


@contextmanager
def _no_descriptors(world: World) -> Iterator[None]:
    """The lowest number that is free is the limit: whatever is opened next cannot be."""
    pid = world.daemon.pid
    taken = {int(path.name) for path in Path(f"/proc/{pid}/fd").iterdir()}
    lowest = next(number for number in range(1 << 20) if number not in taken)
    with _limited(pid, resource.RLIMIT_NOFILE, lowest):
        with suppress(NoDaemon, CommandFailed), ControlClient(world.socket) as client:
            client.call("ping", timeout_s=0.5)
        yield


@contextmanager
def _no_memory(world: World) -> Iterator[None]:
    """Not a page of address space more than it has now; and then it is asked for things that take memory."""
    pid = world.daemon.pid
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[0])
    with _limited(pid, resource.RLIMIT_AS, pages * resource.getpagesize()):
        for command, fields in (
            ("snapshot", {"seconds": 5.0}),
            ("models.list", {}),
            ("capsule.list", {}),
            ("config.set", {"settings": {"face": {"lookahead_ms": 120}}}),
        ):
            with suppress(NoDaemon, CommandFailed), ControlClient(world.socket) as client:
                client.call(command, timeout_s=5, **fields)
        yield


SCENARIOS = (
    Scenario(
        "no-descriptors",
        "no file descriptor is left",
        "goes on; new connections, files and processes wait",
        "process_descriptors",
        "within two seconds of one being free",
        _no_descriptors,
    ),
    Scenario(
        "no-memory",
        "the kernel gives the daemon no more memory",
        "goes on; commands that take memory are refused",
        "process_memory",
        "within two seconds of there being memory",
        _no_memory,
    ),
)
