"""What the face does not need fails at the start: a problem, and the face moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.patience import wait_until
from visaged.app import capsules as capsules_module
from visaged.app import control as control_module
from visaged.app.control import Control
from visaged.app.daemon import Daemon
from visaged.config.safe_mode import load_or_safe


@contextmanager
def _running(folder: Path) -> Iterator[Daemon]:
    items = [
        "audio.input.backend=none",
        "face.solver=energy",
        "runtime.realtime_priority=0",
        'livelink.targets=["127.0.0.1:9"]',
        f'capsules.library="{folder / "library"}"',
    ]
    daemon = Daemon(load_or_safe(None, items))
    daemon.start()
    try:
        yield daemon
    finally:
        daemon.stop()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    return tmp_path


def _moves(daemon: Daemon) -> None:
    ticks = daemon.stages.output.ticks
    wait_until(lambda: daemon.stages.output.ticks > ticks + 5, "packets")
    daemon.supervise()
    daemon.reload()


def _words(daemon: Daemon) -> dict[str, str]:
    return {
        problem.code: problem.message
        for problem in daemon.stages.problems.current()
        if problem.code.startswith("start_failed_")
    }


def _failing(real: Callable[..., Any], times: int) -> Callable[..., Any]:
    left = [None] * times

    def fail(*arguments: Any, **fields: Any) -> Any:
        if left:
            left.pop()
            raise MemoryError("no more of it")
        return real(*arguments, **fields)

    return fail


def test_without_its_capsules_the_face_moves_and_commands_are_taken(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capsules_module, "start_capsules", _failing(capsules_module.start_capsules, 1))
    with _running(folder) as daemon:
        _moves(daemon)
        assert list(_words(daemon)) == ["start_failed_capsules"]
        assert "MemoryError: no more of it" in _words(daemon)["start_failed_capsules"]
        assert daemon.control is not None
        assert daemon.stages.capsules.statistics()


@pytest.mark.parametrize("name", ["__init__", "start"])
def test_without_its_control_side_the_face_moves_and_ends_well(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(control_module.Control, name, _failing(getattr(Control, name), 1))
    with _running(folder) as daemon:
        _moves(daemon)
        assert list(_words(daemon)) == ["start_failed_control"]


def test_without_either_the_face_moves_and_ends_well(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capsules_module, "start_capsules", _failing(capsules_module.start_capsules, 2))
    with _running(folder) as daemon:
        _moves(daemon)
        assert sorted(_words(daemon)) == ["start_failed_capsules", "start_failed_control"]
