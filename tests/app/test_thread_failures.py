"""An exception out of nowhere in every thread of a running daemon: a problem each, and the face goes on."""

from __future__ import annotations

import contextlib
import ctypes
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from tests.control.broker import Broker
from visaged import guard, samples
from visaged.app.daemon import Daemon
from visaged.config.safe_mode import load_or_safe
from visaged.control.dispatcher import Incoming
from visaged.control.local.paths import bind_path

_PATIENCE_S = 60.0
# Threads that serve, by name. The MQTT client and the resolver have no thread of their own while all is well.
_THREADS = (
    "visaged-input",
    "solver",
    "animator",
    "livelink-supervisor",
    "capsule-loader",
    "capsule-effects",
    "control",
    "control-worker",
    "control-socket",
    "mqtt",
)


class Unforeseen(Exception):
    """What nobody thought of."""


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    folder = tmp_path_factory.mktemp("box")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RUNTIME_DIRECTORY", str(folder))
        patch.setenv("STATE_DIRECTORY", str(folder))
        broker = Broker(folder)
        broker.start()
        items = [
            'audio.input.backend="file"',
            f'audio.input.path="{samples.speech_path()}"',
            "audio.input.loop=true",
            "face.solver=energy",
            "runtime.realtime_priority=0",
            'livelink.targets=["127.0.0.1:9"]',
            f'capsules.library="{folder / "library"}"',
            "mqtt.enabled=true",
            f"mqtt.port={broker.port}",
        ]
        made = Daemon(load_or_safe(None, items))
        made.start()
        yield made
        made.stop()
        broker.stop()


def _until(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def _thread(name: str) -> threading.Thread:
    return next(thread for thread in threading.enumerate() if thread.name == name)


def _throw_in(thread: threading.Thread) -> None:
    assert thread.ident is not None
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(Unforeseen))


def _wake(daemon: Daemon) -> None:
    """Something to do for threads that sleep until there is: the exception comes with the next line of Python."""
    for command, payload in (("ping", b"{}"), ("models.list", b"{}"), ("capsule.play", b'{"cid": "VF_SMILE"}')):
        daemon.control.submit(Incoming(command, payload, "test", lambda answer: None))
    with socket.socket(socket.AF_UNIX) as asker, contextlib.suppress(OSError):
        asker.connect(str(bind_path()))
        asker.send(b'{"command": "ping"}\n')


@pytest.mark.parametrize("name", _THREADS)
def test_a_thread_that_fails_is_said_and_goes_on(daemon: Daemon, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stages = daemon.stages
    code = f"thread_failed_{name.replace('-', '_')}"
    monkeypatch.setattr(guard, "SETTLE_S", 0.2)
    seen: list[str] = []
    stages.problems.listen(lambda problem, is_open: seen.append(problem.message) if problem.code == code else None)
    thread = _thread(name)

    # One at a time: a second one must not strike in the middle of the guard.
    _throw_in(thread)

    def said() -> bool:
        _wake(daemon)
        return bool(seen)

    _until(said, f"{name} says nothing")
    assert "Unforeseen" in seen[0]
    assert thread.is_alive()
    ticks, renders = stages.output.ticks, stages.animation.last_render_ns
    _until(lambda: stages.output.ticks > ticks + 5, "no packets")
    _until(lambda: stages.animation.last_render_ns > renders, "no poses")
    _until(lambda: code not in {problem.code for problem in stages.problems.current()}, "the problem is not over")
