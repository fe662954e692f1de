"""The whole daemon: microphone to wire. Pacing, latency, start-up, memory, CPU, idle and with every core busy.

The microphone is a paced ALSA card (tests/devices) that hears the bundled speech, so sound goes through libasound in
real time. Gaps are seen by a receiver with kernel time stamps; latency is the daemon's own figure: from the capture of
a sound (by the card's clock) to the send of the pose that shows it.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

from tests.bench.pacing import hogs, read_stolen_ms, wait
from tests.bench.report import Bench, Row
from tests.devices.card import SoundCards, build
from visaged import samples
from visaged.clock import NS_PER_MS
from visaged.outputs.receiver import Receiver

SECONDS = 60.0
STARTS = 10
# Voice to packet p95, ms, by look-ahead.
LATENCY_LIMIT_MS = {0: 30.0, 40: 70.0}


def measure() -> Bench:
    """Everything."""
    with tempfile.TemporaryDirectory() as folder:
        microphone(Path(folder))
        rows = [
            start_up(),
            *(run(lookahead_ms, busy) for lookahead_ms in (40, 0) for busy in (False, True)),
        ]
    note = f"{SECONDS:g} s each, default settings, both processes of the daemon counted in RSS and CPU (of one core)."
    return Bench("daemon", "python -m tests.bench daemon", rows, note)


def microphone(folder: Path, names: Sequence[str] = ("mic",)) -> None:
    """Cards called ``names`` for this process and its children, each of which hears the bundled speech."""
    sound, rate_hz = soundfile.read(samples.speech_path(), dtype="float32")
    cards = SoundCards(folder, build(folder))
    for name in names:
        cards.add(name, np.asarray(sound), rate_hz=rate_hz, loop=True)
    os.environ["ALSA_CONFIG_PATH"] = str(cards.configuration)


def start_up() -> Row:
    """From the start of the process to its first packet on the wire."""
    times_ms = []
    for _ in range(STARTS):
        with Receiver("127.0.0.1", 0) as receiver:
            began_ns = time.time_ns()
            command = (sys.executable, "-m", "visaged", "run", "--plain", "--input=mic")
            with subprocess.Popen(
                (*command, f"--target=127.0.0.1:{receiver.port}"), stderr=subprocess.DEVNULL
            ) as daemon:
                receiver.receive(30.0)
                (stream,) = receiver.streams.values()
                times_ms.append((stream.time_ns - began_ns) / NS_PER_MS)
                daemon.terminate()
    return Row(
        what=f"process start to first packet, {STARTS} starts",
        figures={"median ms": statistics.median(times_ms), "max ms": max(times_ms)},
        target="<= 1000 ms",
        met=max(times_ms) <= 1000,
    )


def run(lookahead_ms: int, busy: bool) -> Row:
    """One daemon for SECONDS."""
    with Receiver("127.0.0.1", 0) as receiver, hogs((os.cpu_count() or 1) if busy else 0):
        command = (sys.executable, "-m", "tests.bench.daemon", str(receiver.port), str(lookahead_ms))
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as daemon:
            wait(receiver, 3.0)  # the timeline has locked by then
            receiver.streams.clear()
            stolen_ms, deadline = read_stolen_ms(), time.monotonic() + SECONDS
            receiver.receive(1.0)
            first_ns = next(iter(receiver.streams.values())).time_ns
            while time.monotonic() < deadline:
                receiver.receive(0.1)
            stolen_ms = read_stolen_ms() - stolen_ms
            own = json.loads(daemon.communicate(b"stop")[0])
    (stream,) = receiver.streams.values()
    figures = stream.figures(stream.time_ns)
    sent_ms = (figures.packets - 1 + figures.lost) * 1000 / 60
    limit_ms = LATENCY_LIMIT_MS[lookahead_ms]
    return Row(
        what=f"look-ahead {lookahead_ms} ms, {'all cores busy' if busy else 'idle machine'}",
        figures={
            "packets": figures.packets,
            "lost": figures.lost,
            "gap p50 ms": stream.gap_error.percentile_ms(50),
            "gap p99 ms": figures.gap_p99_ms,
            "gap max ms": figures.gap_max_ms,
            "drift ms": (stream.time_ns - first_ns) / NS_PER_MS - sent_ms,
            "voice p50 ms": own["voice"][0],
            "voice p95 ms": own["voice"][1],
            "voice p99 ms": own["voice"][2],
            "late": own["late"],
            "RSS MiB": own["rss_mib"],
            "CPU %": own["cpu_percent"],
            "stolen ms": stolen_ms,
        },
        target=f"gap p99 <= 0.5 ms, voice p95 <= {limit_ms:g} ms, RSS <= 250 MiB, none lost",
        met=(figures.gap_p99_ms or 9) <= 0.5
        and own["voice"][1] <= limit_ms
        and own["rss_mib"] <= 250
        and not figures.lost,
    )


def child(port: int, lookahead_ms: int) -> None:
    """The daemon in this process, until a line comes; prints its own figures."""
    from visaged.app.daemon import Daemon  # noqa: PLC0415
    from visaged.config.safe_mode import load_or_safe  # noqa: PLC0415

    items = [
        f'livelink.targets=["127.0.0.1:{port}"]',
        'audio.input.backend="alsa"',
        'audio.input.device="mic"',
        f"face.lookahead_ms={lookahead_ms}",
    ]
    daemon = Daemon(load_or_safe(None, items))
    daemon.start()
    stop = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.readline(), stop.set())).start()
    while not stop.wait(3.0):
        daemon.supervise()
        break
    voice = daemon.stages.metrics.histogram("latency.voice_to_packet")
    before, cpu_s, began = voice.read(), _cpu_s(), time.monotonic()
    while not stop.wait(0.1):
        daemon.supervise()
    during = voice.read().since(before)
    cpu_percent = 100 * (_cpu_s() - cpu_s) / (time.monotonic() - began)
    values = daemon.stages.metrics.values()
    own = {
        "voice": [during.percentile_ms(percent) for percent in (50, 95, 99)],
        "late": values["livelink.late"],
        "rss_mib": sum(_rss_mib(pid) for pid in _processes()),
        "cpu_percent": cpu_percent,
    }
    daemon.stop()
    print(json.dumps(own), flush=True)


def _processes() -> list[int]:
    own = os.getpid()
    # By the thread that started them.
    tasks = Path(f"/proc/{own}/task").glob("*/children")
    return [own, *(int(pid) for children in tasks for pid in children.read_text(encoding="ascii").split())]


def _rss_mib(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def _cpu_s() -> float:
    ticks = 0
    for pid in _processes():
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("lookahead_ms", type=int)
    options = parser.parse_args()
    child(options.port, options.lookahead_ms)
