"""Faces: several instances on this machine at once, each with its microphone; spacing, CPU and memory of each.

Memory is said twice: RSS counts shared pages for every process that has them, PSS divides them (proc_pid_smaps(5)).
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.daemon import microphone
from tests.bench.pacing import read_stolen_ms, wait
from tests.bench.report import Bench, Row
from visaged.outputs.receiver import Receiver

SECONDS = 30.0
COUNTS = (1, 2, 4)


def measure() -> Bench:
    """One, two and four faces."""
    with tempfile.TemporaryDirectory() as folder:
        microphone(Path(folder), [f"mic{number}" for number in range(max(COUNTS))])
        rows = [_measure(count, Path(folder)) for count in COUNTS]
    note = (
        f"{SECONDS:g} s each, default settings, bundled speech without a pause. Figures of the worst face, and of all. "
        "CPU: both processes of a face, per cent of one core; the page is off."
    )
    return Bench("faces", "python -m tests.bench faces", rows, note)


def _measure(count: int, folder: Path) -> Row:
    with contextlib.ExitStack() as stack:
        receivers = [stack.enter_context(Receiver("127.0.0.1", 0)) for _ in range(count)]
        faces = [stack.enter_context(_face(number, one.port, folder)) for number, one in enumerate(receivers)]
        for receiver in receivers:
            wait(receiver, 3.0 / count)
            receiver.streams.clear()
        stolen_ms, before_s, began = read_stolen_ms(), sum(map(_cpu_s, faces)), time.monotonic()
        while time.monotonic() - began < SECONDS:
            for receiver in receivers:
                receiver.receive(0.02)
        took_s = time.monotonic() - began
        cpu_s, stolen_ms = sum(map(_cpu_s, faces)) - before_s, read_stolen_ms() - stolen_ms
        rss_mib, pss_mib = (sum(_memory_mib(pid, kind) for pid in faces) for kind in ("Rss", "Pss"))
        streams = [next(iter(receiver.streams.values())) for receiver in receivers]
        figures = [stream.figures(stream.time_ns) for stream in streams]
    worst_ms = max(figure.gap_p99_ms or 99.0 for figure in figures)
    return Row(
        what=f"{count} face{'s' if count > 1 else ''}",
        figures={
            "packets, least": min(figure.packets for figure in figures),
            "lost": sum(figure.lost for figure in figures),
            "gap p99 ms, worst": worst_ms,
            "gap max ms": max(figure.gap_max_ms for figure in figures),
            "CPU % a face": 100 * cpu_s / took_s / count,
            "RSS MiB a face": rss_mib / count,
            "PSS MiB a face": pss_mib / count,
            "stolen ms": stolen_ms,
        },
        target="gap p99 <= 0.5 ms, none lost",
        met=worst_ms <= 0.5 and not any(figure.lost for figure in figures),
    )


@contextlib.contextmanager
def _face(number: int, port: int, folder: Path) -> Iterator[int]:
    """An instance; gives its process."""
    command = (sys.executable, "-m", "visaged", "run", f"--instance=f{number}", "--plain", f"--target=127.0.0.1:{port}")
    sound = ("--set", "audio.input.backend=alsa", "--set", f"audio.input.device=mic{number}")
    home = folder / f"f{number}"
    home.mkdir(exist_ok=True)
    environment = os.environ | {"RUNTIME_DIRECTORY": str(home), "XDG_STATE_HOME": str(home)}
    with subprocess.Popen(
        (*command, *sound, "--set", "web.enabled=false"), stderr=subprocess.DEVNULL, env=environment
    ) as face:
        try:
            yield face.pid
        finally:
            face.send_signal(signal.SIGINT)


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [pid, *map(int, children)]


def _cpu_s(pid: int) -> float:
    total = 0.0
    for one in _family(pid):
        fields = Path(f"/proc/{one}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


def _memory_mib(pid: int, kind: str) -> float:
    total = 0
    for one in _family(pid):
        text = Path(f"/proc/{one}/smaps_rollup").read_text(encoding="ascii")
        total += next(int(line.split()[1]) for line in text.splitlines() if line.startswith(f"{kind}:"))
    return total / 1024
