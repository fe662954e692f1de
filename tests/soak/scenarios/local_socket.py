"""Floods of the local control socket."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.soak.scenarios.scenario import Scenario
from tests.soak.world import World

_CONNECTIONS = 60
# Under way at a time: more only waits for the same socket.
_PAUSE_S = 0.005
_NESTED = b'{"command": "ping", "x": ' + b"[" * 30_000 + b"]" * 30_000 + b"}\n"
_HUGE = b'{"command": "ping", "x": "' + b"y" * (1 << 20) + b'"}\n'
_HALF = b'{"command": "pi'
_PINGS = b'{"command": "ping"}\n' * 500


@contextmanager
def _background(work: Callable[[threading.Event], None]) -> Iterator[None]:
    over = threading.Event()
    thread = threading.Thread(target=work, args=(over,))
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextmanager
def _many_connections(world: World) -> Iterator[None]:
    """Sixty at once, again and again; each says half a line and waits."""

    def work(over: threading.Event) -> None:
        while not over.wait(_PAUSE_S):
            with contextlib.ExitStack() as held:
                for _ in range(_CONNECTIONS):
                    _say(held.enter_context(socket.socket(socket.AF_UNIX)), str(world.socket), _HALF)

    with _background(work):
        yield


@contextmanager
def _bad_lines(world: World) -> Iterator[None]:
    """Nested, huge and many; the answers are not read."""

    def work(over: threading.Event) -> None:
        while not over.wait(_PAUSE_S):
            for line in (_NESTED, _HUGE, _PINGS):
                with socket.socket(socket.AF_UNIX) as asker:
                    _say(asker, str(world.socket), line)

    with _background(work):
        yield


def _say(asker: socket.socket, path: str, line: bytes) -> None:
    asker.settimeout(1.0)
    # The other side may hang up in the middle: it is meant to.
    with contextlib.suppress(OSError):
        asker.connect(path)
        asker.sendall(line)


SCENARIOS = (
    Scenario(
        "socket-connections",
        "sixty connections at once, each with half a line",
        "goes on; the quiet ones are hung up on, others keep their place",
        "command_flood",
        "ten seconds after the last one",
        _many_connections,
    ),
    Scenario(
        "socket-lines",
        "nested and huge lines, and a thousand commands a second, answers unread",
        "goes on; what is too much is refused",
        "command_flood",
        "as above",
        _bad_lines,
    ),
)
