"""Outputs: what more targets and more protocols cost, and whether Live Link's spacing stays where it is.

``python -m tests.bench outputs``. The sender's process of the daemon with one Live Link target, four of them, and four
of each protocol; the first Live Link target is measured, by a receiver with kernel time stamps. All rows in one run.
Receivers are on loopback, so the network card's work is not in the figures.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np

from tests.bench.pacing import hogs, wait
from tests.bench.report import Bench, Row
from visaged.clock import NS_PER_MS, now_ns, sleep_until
from visaged.config import IFacialMocapSettings, LiveLinkSettings, VmcSettings
from visaged.metrics import Metrics
from visaged.outputs.destinations import Outputs
from visaged.outputs.output import FaceOutput
from visaged.outputs.receiver import Receiver
from visaged.problems import Problems

RATE_HZ = Fraction(60)
SECONDS = 20.0
_LEAD_NS = 4 * NS_PER_MS

CASES = (
    ("1 x Live Link", 1, 0, 0),
    ("4 x Live Link", 4, 0, 0),
    ("1 x Live Link, 4 x VMC", 1, 4, 0),
    ("1 x Live Link, 4 x iFacialMocap", 1, 0, 4),
    ("4 of each", 4, 4, 4),
)


def measure() -> Bench:
    """All cases at rest, and the largest beside busy cores."""
    rows = [_measure(*case, busy=False) for case in CASES]
    rows += [_measure(*CASES[0], busy=True), _measure(*CASES[-1], busy=True)]
    note = (
        f"{SECONDS:g} s each at {RATE_HZ} fps, with FIFO where the system grants it. Gap: how much the time between "
        "two Live Link packets differs from 16.67 ms. CPU: of the sender's process, per cent of one core."
    )
    return Bench("outputs", "python -m tests.bench outputs", rows, note)


def _measure(what: str, livelink: int, vmc: int, mocap: int, *, busy: bool) -> Row:
    with contextlib.ExitStack() as stack:
        receiver = stack.enter_context(Receiver("127.0.0.1", 0, "livelink"))
        sinks = [stack.enter_context(_sink()) for _ in range(livelink - 1 + vmc + mocap)]
        stack.enter_context(hogs((os.cpu_count() or 1) if busy else 0))
        first = [f"127.0.0.1:{receiver.port}", *sinks[: livelink - 1]]
        rest = sinks[livelink - 1 :]
        outputs = Outputs(
            LiveLinkSettings(targets=first),
            VmcSettings(targets=rest[:vmc]),
            IFacialMocapSettings(targets=rest[vmc:]),
        )
        metrics = Metrics()
        output = FaceOutput(outputs, "bench", 10, Problems(), metrics)
        stack.enter_context(_animated(output))
        wait(receiver, 1.0)
        receiver.streams.clear()
        before_s, began = _cpu_s(output.pid), time.monotonic()
        while time.monotonic() - began < SECONDS:
            receiver.receive(0.1)
        spent_s, took_s = _cpu_s(output.pid) - before_s, time.monotonic() - began
    (stream,) = receiver.streams.values()
    figures, gaps = stream.figures(stream.time_ns), stream.gap_error
    p99_ms = gaps.percentile_ms(99) or 0.0
    return Row(
        what=f"{what}; {'cores busy' if busy else 'idle'}",
        figures={
            "packets": figures.packets,
            "lost": figures.lost,
            "gap p50 ms": gaps.percentile_ms(50),
            "gap p99 ms": p99_ms,
            "gap max ms": figures.gap_max_ms,
            "CPU %": 100 * spent_s / took_s,
            "late": int(metrics.values()["livelink.late"] or 0),
        },
        target="gap p99 <= 0.5 ms",
        met=p99_ms <= 0.5,
    )


@contextlib.contextmanager
def _sink() -> Iterator[str]:
    """A receiver whose queue fills up and drops: nobody reads it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sink:
        sink.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{sink.getsockname()[1]}"


@contextlib.contextmanager
def _animated(output: FaceOutput) -> Iterator[None]:
    """``output`` running, with a pose per tick that differs from the one before."""
    done = threading.Event()

    def animate() -> None:
        schedule, pose = output.schedule, np.zeros(61, np.float32)
        tick = schedule.tick_at(now_ns()) + 2
        while not done.is_set():
            sleep_until(schedule.time_ns(tick) - _LEAD_NS)
            pose[:] = tick % 64 / 64
            output.publish(tick, pose, now_ns())
            tick += 1

    output.start()
    thread = threading.Thread(target=animate, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        output.stop()


def _cpu_s(pid: int | None) -> float:
    """User and system time of a process so far (proc(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
