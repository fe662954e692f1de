from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.patience import PATIENCE_S
from visaged.system.notify import FEED, READY, Notifier


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    """The other end: what PID 1 would read."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(PATIENCE_S)
        yield listening


def _environment(tmp_path: Path, **more: str) -> dict[str, str]:
    return {"NOTIFY_SOCKET": str(tmp_path / "notify"), **more}


def test_assignments_go_out_in_one_datagram(systemd: socket.socket, tmp_path: Path) -> None:
    notifier = Notifier(_environment(tmp_path))
    assert notifier.active
    assert notifier.tell(READY, "MAINPID=7")
    assert systemd.recv(4096) == b"READY=1\nMAINPID=7"


def test_a_status_is_one_line(systemd: socket.socket, tmp_path: Path) -> None:
    assert Notifier(_environment(tmp_path)).tell_status("60 fps\nREADY=1")
    assert systemd.recv(4096) == b"STATUS=60 fps READY=1"


def test_reloading_carries_the_time(systemd: socket.socket, tmp_path: Path) -> None:
    assert Notifier(_environment(tmp_path)).tell_reloading()
    first, second = systemd.recv(4096).split(b"\n")
    assert first == b"RELOADING=1"
    assert int(second.removeprefix(b"MONOTONIC_USEC=")) > 0


def test_patience_is_fed(systemd: socket.socket, tmp_path: Path) -> None:
    assert Notifier(_environment(tmp_path)).tell_patience(2.5)
    assert systemd.recv(4096) == b"WATCHDOG_USEC=2500000\nWATCHDOG=1"


def test_an_abstract_address() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(f"\0visaged-test-{os.getpid()}")
        listening.settimeout(PATIENCE_S)
        assert Notifier({"NOTIFY_SOCKET": f"@visaged-test-{os.getpid()}"}).tell(FEED)
        assert listening.recv(64) == b"WATCHDOG=1"


def test_without_systemd_nothing_happens() -> None:
    notifier = Notifier({"WATCHDOG_USEC": "3000000"})
    assert not notifier.active
    assert notifier.watchdog_s is None
    assert not notifier.tell(READY)


def test_a_systemd_that_is_gone_is_no_error(tmp_path: Path) -> None:
    assert not Notifier(_environment(tmp_path)).tell(READY)


def test_a_full_queue_does_not_block(systemd: socket.socket, tmp_path: Path) -> None:
    notifier = Notifier(_environment(tmp_path))
    sent = 0
    while notifier.tell_status("x" * 1000):
        sent += 1
        assert sent < 100_000
    systemd.recv(4096)
    assert notifier.tell(FEED)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"WATCHDOG_USEC": "3000000"}, 3.0),
        ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": str(os.getpid())}, 0.5),
        ({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_how_long_systemd_waits(tmp_path: Path, more: dict[str, str], expected: float | None) -> None:
    assert Notifier(_environment(tmp_path, **more)).watchdog_s == expected
