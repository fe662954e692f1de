"""Pacing: how evenly the packets leave. Senders side by side, under load, seen by a receiver with kernel time stamps.

``python -m tests.bench.pacing --seconds 60 --loads idle …`` measures some of the rows. Senders: ours as a process and
as a thread of the daemon, with and without SCHED_FIFO, and the loop that everybody writes first (``sleep(1 / 60)``).
Each runs in a fresh "daemon" process with an animator thread: with nothing else to do, with both cores busy, with
a thread that keeps the interpreter lock busy as numpy work does, and with both.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from tests.bench.report import Bench, Row
from visaged.clock import NS_PER_MS, now_ns, sleep_until
from visaged.config import LiveLinkSettings
from visaged.metrics import Metrics
from visaged.outputs.board import Address, Cell, PoseBoard
from visaged.outputs.destinations import Outputs
from visaged.outputs.form import Form
from visaged.outputs.livelink.packet import LiveLinkPacket, encode
from visaged.outputs.output import FaceOutput
from visaged.outputs.receiver import Receiver
from visaged.outputs.sender import Sender
from visaged.problems import Problems
from visaged.realtime import go_realtime

SENDERS = ("process, FIFO", "process", "thread, FIFO", "thread", "sleep(1/60)")
LOADS = ("idle", "cores busy", "GIL busy", "both busy")
LIMITS_MS = {("process, FIFO", "cores busy"): 0.5, ("process, FIFO", "both busy"): 0.5, ("process", "idle"): 2.0}
RATE_HZ = Fraction(60)
# How long before a pose is due the animator forms it, as in the daemon.
LEAD_NS = 4 * NS_PER_MS


def measure() -> Bench:
    """All senders under all loads."""
    return bench(SENDERS, LOADS, 15)


def bench(senders: Sequence[str], loads: Sequence[str], seconds: float) -> Bench:
    """The senders named, under the loads named."""
    rows = [measure_one(sender, load, seconds) for load in loads for sender in senders]
    note = (
        f"{seconds:g} s each, over loopback. Gap: how much the time between two packets differs from 16.67 ms. "
        "Late: poses that were not there when their packet left. Stolen: what the hypervisor took from the machine; "
        "every sender stands still in it, so it bounds what the largest gap says."
    )
    return Bench("pacing", "python -m tests.bench pacing", rows, note)


def measure_one(sender: str, load: str, seconds: float) -> Row:
    """One row of the table."""
    with Receiver("127.0.0.1", 0) as receiver, hogs((os.cpu_count() or 1) if load in LOADS[1::2] else 0):
        command = (sys.executable, "-m", "tests.bench.pacing", "--daemon", sender, str(receiver.port), load)
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as daemon:
            wait(receiver, 1.0)  # start-up is another benchmark
            receiver.streams.clear()
            first_ns, stolen_ms, deadline = 0, read_stolen_ms(), time.monotonic() + seconds
            while time.monotonic() < deadline:
                receiver.receive(0.1)
                for stream in receiver.streams.values():
                    first_ns = first_ns or stream.time_ns
            stolen_ms = read_stolen_ms() - stolen_ms
            late = int(daemon.communicate(b"stop")[0])
    (stream,) = receiver.streams.values()
    figures, gaps = stream.figures(stream.time_ns), stream.gap_error
    # A paced sender sends rate x time packets, whatever happened in between.
    wanted_ms = (figures.packets - 1 + figures.lost) * 1000 / float(RATE_HZ)
    p99_ms = gaps.percentile_ms(99) or 0.0
    limit_ms = {(SENDERS[0], LOADS[3]): 0.5, (SENDERS[0], LOADS[1]): 0.5, (SENDERS[1], LOADS[0]): 2.0}.get(
        (sender, load)
    )
    return Row(
        what=f"{sender}; {load}",
        figures={
            "packets": figures.packets,
            "lost": figures.lost,
            "gap p50 ms": gaps.percentile_ms(50),
            "gap p99 ms": p99_ms,
            "gap max ms": figures.gap_max_ms,
            "drift ms": (stream.time_ns - first_ns) / NS_PER_MS - wanted_ms,
            "late": late,
            "stolen ms": stolen_ms,
        },
        target=f"gap p99 <= {limit_ms:g} ms" if limit_ms else "",
        met=p99_ms <= limit_ms if limit_ms else None,
    )


def read_stolen_ms() -> float:
    """Time that the hypervisor gave to others, all cores, since boot (proc(5))."""
    jiffies = int(Path("/proc/stat").read_text(encoding="ascii").split()[8])
    return jiffies * 1000 / os.sysconf("SC_CLK_TCK")


def wait(receiver: Receiver, seconds: float) -> None:
    """Wait for the first packet, then ``seconds`` more."""
    while not receiver.receive(10.0):
        raise TimeoutError("no packet within 10 s")
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        receiver.receive(0.1)


@contextlib.contextmanager
def hogs(count: int) -> Iterator[None]:
    """Keep ``count`` cores busy."""
    processes = [subprocess.Popen((sys.executable, "-c", "while True: pass")) for _ in range(count)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def hold_gil() -> None:
    """Solver-like work without a pause: small numpy calls, which keep the interpreter lock, and some large ones."""
    small, large = np.random.default_rng(0).random((2, 64)), np.ones((256, 256), np.float32)
    while True:
        for _ in range(200):
            np.tanh(small @ small.T)
        np.dot(large, large)


def run_daemon(sender: str, port: int, load: str) -> None:
    """The process that sends, until its stdin closes; prints how many poses came late."""
    if load in LOADS[2:]:
        threading.Thread(target=hold_gil, daemon=True).start()
    if sender == "sleep(1/60)":
        threading.Thread(target=send_naively, args=(port,), daemon=True).start()
        sys.stdin.read()
        late = 0
    elif sender.startswith("process"):
        late = send_by_process(port, 10 if "FIFO" in sender else 0)
    else:
        late = send_by_thread(port, 10 if "FIFO" in sender else 0)
    print(late, flush=True)
    os._exit(0)


def send_by_process(port: int, priority: int) -> int:
    """As the daemon does it."""
    metrics = Metrics()
    settings = LiveLinkSettings(targets=[f"127.0.0.1:{port}"], fps=RATE_HZ)
    output = FaceOutput(Outputs(settings), "bench", priority, Problems(), metrics)
    output.start()
    animate(output._board)
    output.stop()
    return int(metrics.values()["livelink.late"] or 0)


def send_by_thread(port: int, priority: int) -> int:
    """The same sender on a thread of the daemon."""
    board, _ = PoseBoard.create(RATE_HZ, now_ns())
    board.set_address(
        0, Address(socket.AF_INET, "127.0.0.1", port, 0, Form("livelink", RATE_HZ, "bench", "BENCH").to_text())
    )

    def run() -> None:
        go_realtime(priority)
        Sender(board).run(orphaned=lambda: False)

    threading.Thread(target=run, daemon=True).start()
    animate(board)
    return board.cells[Cell.LATE]


def animate(board: PoseBoard) -> None:
    """Publish a pose per tick until stdin closes."""
    done = threading.Event()
    schedule, pose = board.schedule, np.zeros(61, np.float32)

    def run() -> None:
        tick = schedule.tick_at(now_ns()) + 2
        while not done.is_set():
            sleep_until(schedule.time_ns(tick) - LEAD_NS)
            np.sin(np.arange(61, dtype=np.float32) + tick / 60, out=pose)
            board.publish(tick, pose.tolist())
            tick = max(tick + 1, schedule.tick_at(now_ns()) + 1)

    animator = threading.Thread(target=run)
    animator.start()
    sys.stdin.read()
    done.set()
    animator.join()


def send_naively(port: int) -> None:
    """What face senders in Python do: encode, send, sleep for a period."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        frame = 0
        while True:
            pose = tuple(float(value) for value in np.sin(np.arange(61) + frame / 60))
            sender.sendto(encode(LiveLinkPacket("BENCH", "bench", frame, 0.0, RATE_HZ, pose)), ("127.0.0.1", port))
            frame += 1
            time.sleep(1 / 60)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--senders", nargs="+", choices=SENDERS, default=SENDERS)
    parser.add_argument("--loads", nargs="+", choices=LOADS, default=LOADS)
    parser.add_argument("--daemon", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.daemon:
        sender, port, load = arguments.daemon
        run_daemon(sender, int(port), load)
    for row in bench(arguments.senders, arguments.loads, arguments.seconds).rows:
        print(row.what, *(f"{key} {value:.4g}" for key, value in row.figures.items()), sep=" | ")


if __name__ == "__main__":
    main()
