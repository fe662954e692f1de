"""The installed service on a booted box: how soon the face moves, and how soon again after a hang."""

from __future__ import annotations

import ctypes
import os
import signal
import statistics
import tempfile
import threading
import time
from pathlib import Path
from typing import Final

from tests.bench.report import Bench, Row
from tests.box.machine import Machine
from tests.box.tree import find_obstacle, make_tree
from tests.devices.card import build
from visaged.clock import NS_PER_S
from visaged.outputs.receiver import Receiver

_BOOTS: Final = 5
_PORT: Final = 11_112
# Booting and opening the model are over by then.
_SETTLE_S: Final = 3.0
_CLONE_NEWNET: Final = 0x40000000
_CONFIG: Final = f"""[audio.input]
backend = "alsa"
device = "mic"
[livelink]
targets = ["127.0.0.1:{_PORT}"]
"""


class _Inside(threading.Thread):
    """Receives in the network of the box; ``times`` are the kernel's stamps, wall clock ns."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.times: list[int] = []
        self.ended = threading.Event()
        self._leader = 0

    def begin(self, leader: int) -> None:
        self._leader = leader
        self.start()

    def run(self) -> None:
        with Path(f"/proc/{self._leader}/ns/net").open("rb") as network:
            libc = ctypes.CDLL(None, use_errno=True)
            if libc.setns(network.fileno(), _CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")
        with _Stamps(self.times) as receiver:
            while not self.ended.is_set():
                receiver.receive(0.05)

    def first_after(self, time_ns: int) -> int:
        """The first packet after ``time_ns``; waits for it."""
        while True:
            found = next((stamp for stamp in self.times if stamp > time_ns), None)
            if found is not None:
                return found
            time.sleep(0.05)


class _Stamps(Receiver):
    def __init__(self, times: list[int]) -> None:
        super().__init__("127.0.0.1", _PORT)
        self._times = times

    def _take(self, datagram: bytes, time_ns: int, sender: str) -> None:
        self._times.append(time_ns)


def measure() -> Bench:
    """Boot, stop the process with a signal, power off; several times."""
    obstacle = find_obstacle()
    if obstacle is not None:
        raise SystemExit(f"bench box: {obstacle}")
    tree = make_tree()
    boots, starts, recoveries = [], [], []
    for _ in range(_BOOTS):
        with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as library:
            inside = _Inside()
            paced = build(Path(library))
            with Machine(tree, Path(folder), paced, config=_CONFIG, listener=False, at_boot=inside.begin) as machine:
                first_ns = inside.first_after(0)
                boots.append((first_ns - machine.booted_ns) / NS_PER_S)
                starts.append((first_ns - _started_ns(machine)) / NS_PER_S)
                time.sleep(_SETTLE_S)
                stopped_ns = time.time_ns()
                os.kill(machine.pid(), signal.SIGSTOP)
                machine.wait_for(lambda machine=machine: machine.show("NRestarts") == "1", "systemd to start it again")
                recoveries.append((inside.first_after(_started_ns(machine)) - stopped_ns) / NS_PER_S)
            inside.ended.set()
            inside.join()
    return Bench(
        "box",
        "python -m tests.bench box",
        [
            _row("boot (systemd-nspawn) to first packet", boots, "reported", None),
            _row("start of the service's process to first packet", starts, "<= 1.0 s", 1.0),
            _row("process stopped (SIGSTOP) to the packets of the next one", recoveries, "<= 5 s", 5.0),
        ],
        f"{_BOOTS} boots of the installed tree, hardened as on a box, default settings, lip-sync model, a microphone.",
    )


def _started_ns(machine: Machine) -> int:
    """When the service's process was started, wall clock."""
    monotonic_us = int(machine.show("ExecMainStartTimestampMonotonic"))
    return time.time_ns() - time.monotonic_ns() + 1000 * monotonic_us


def _row(what: str, seconds: list[float], target: str, limit_s: float | None) -> Row:
    figures: dict[str, float | str | None] = {"median s": statistics.median(seconds), "max s": max(seconds)}
    return Row(what, figures, target, None if limit_s is None else max(seconds) <= limit_s)
