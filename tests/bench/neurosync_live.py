"""NeuroSync in the running daemon at full size: ten minutes of a microphone, int8, random weights, as many threads as
were found best on this machine.

``python -m tests.bench.neurosync_live --seconds 60`` for a shorter look. The weights are of the true shapes (235 M
parameters), made once into .cache/neurosync_live. A second row runs the narrow twin: what the path costs where a window
takes a millisecond, as on a box with a GPU.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from models.neurosync import int8
from models.neurosync.matrices import Model
from models.neurosync.packaging import manifest_fields
from models.neurosync.quantize import Range
from models.neurosync.shape import Shape
from models.neurosync.twin import NARROW, random_weights
from tests.bench.daemon import _cpu_s, _processes, _rss_mib, microphone
from tests.bench.pacing import read_stolen_ms
from tests.bench.report import Bench, Row, save
from visaged.inference.package import write_package
from visaged.outputs.receiver import Receiver

SECONDS: Final = 600.0
CACHE: Final = Path(__file__).parents[2] / ".cache" / "neurosync_live"
# The first and the last minute are compared.
_PART_S: Final = 60.0
# Until the model is open, timed and running, and the card's timeline has locked.
_SETTLE_S: Final = 20.0
_PROMPT_MS: Final = 200.0


def measure(seconds: float = SECONDS, short: float = 60.0) -> Bench:
    """Both sizes, and the default solver beside them: what is late there is the machine's.

    ``short``: how long the two other rows take.
    """
    with tempfile.TemporaryDirectory() as folder:
        microphone(Path(folder))
        full, twin, usual = package("full size", Shape()), package("narrow twin", NARROW), CACHE
        rows = [
            _full(run("full size", "neurosync", full, seconds)),
            _twin(run("narrow twin", "neurosync", twin, short)),
            run("lipsync, for comparison", "lipsync", usual, short),
        ]
    note = (
        f"Full size {seconds:g} s, default settings but the solver. Late: ticks of the sender without a pose of their "
        "own. Voice: from the capture of a sound to the packet that shows it. RSS and CPU of all its processes. "
        f"Niceness {os.getpriority(os.PRIO_PROCESS, 0)}."
    )
    return Bench("neurosync_live", "python -m tests.bench neurosync_live", rows, note)


def _full(row: Row) -> Row:
    """Steady?"""
    figures = row.figures

    def grown(what: str) -> float:
        return abs(float(figures[f"{what}, last minute"] or 0) - float(figures[f"{what}, first minute"] or 0))

    flat = grown("voice p95 ms") <= 5.0 and grown("RSS MiB") <= 10.0
    met = figures["solver"] == "neurosync" and not figures["late"] and flat
    return replace(row, target="no late tick, latency and memory flat", met=met)


def _twin(row: Row) -> Row:
    """Prompt?"""
    prompt = float(row.figures["look-ahead ms"] or 0) <= _PROMPT_MS
    return replace(row, target=f"look-ahead <= {_PROMPT_MS:g} ms, no late tick", met=prompt and not row.figures["late"])


def package(name: str, shape: Shape) -> Path:
    """The folder that holds an int8 package of random weights, made if it is not there."""
    root = CACHE / name.replace(" ", "-")
    folder = root / "int8-exact"
    if not (folder / "model.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        # Static scales, as an import picks them here. What ranges they have does not change what a window costs.
        ranges = defaultdict(lambda: Range(-8.0, 8.0))
        model = Model(random_weights(shape), shape, "local")
        path = int8.write(folder, model, "static", ranges, lambda written: None)
        fields: dict[str, Any] = {
            "precision": "int8",
            "files": {"int8": path.name},
            "parity": {"int8": 0.0},
            "int8_exact": True,
            "source": "random weights for a benchmark",
            "licence": "CC0-1.0",
        }
        write_package(folder, **manifest_fields(shape, "local", **fields))
    return root


def run(name: str, solver: str, root: Path, seconds: float) -> Row:
    """One daemon with packages from ``root``, heard by a receiver with kernel time stamps."""
    with Receiver("127.0.0.1", 0) as receiver:
        command = (sys.executable, "-m", "tests.bench.neurosync_live", "--child", str(receiver.port), solver, str(root))
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as daemon:
            _receive(receiver, _SETTLE_S)
            receiver.streams.clear()
            stolen_ms = read_stolen_ms()
            _receive(receiver, seconds)
            stolen_ms = read_stolen_ms() - stolen_ms
            own = json.loads(daemon.communicate(b"stop")[0])
    (stream,) = receiver.streams.values()
    figures = stream.figures(stream.time_ns)
    return Row(
        what=f"{name}, {seconds:g} s",
        figures={
            "solver": own["solver"],
            "threads": own["threads"],
            "hop ms": own["hop_ms"],
            "look-ahead ms": own["lookahead_ms"],
            "window p50 ms": own["window"][0],
            "window p99 ms": own["window"][1],
            "late frames": own["late_frames"],
            "packets": figures.packets,
            "lost": figures.lost,
            "late": own["late"],
            "gap p99 ms": figures.gap_p99_ms,
            "gap max ms": figures.gap_max_ms,
            "voice p95 ms, first minute": own["first"]["voice p95 ms"],
            "voice p95 ms, last minute": own["last"]["voice p95 ms"],
            "RSS MiB, first minute": own["first"]["RSS MiB"],
            "RSS MiB, last minute": own["last"]["RSS MiB"],
            "CPU %": own["cpu_percent"],
            "stolen ms": stolen_ms,
        },
    )


def _receive(receiver: Receiver, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        receiver.receive(0.1)


def child(port: int, solver: str, root: str) -> None:
    """The daemon in this process, until a line comes; prints its own figures."""
    from visaged.app.daemon import Daemon  # noqa: PLC0415
    from visaged.config.safe_mode import load_or_safe  # noqa: PLC0415
    from visaged.realtime import lead_threads  # noqa: PLC0415

    items = [
        f'livelink.targets=["127.0.0.1:{port}"]',
        'audio.input.backend="alsa"',
        'audio.input.device="mic"',
        f'face.solver="{solver}"',
        f'inference.engine_cache="{CACHE}"',
    ]
    daemon = Daemon(load_or_safe(None, items), models_dir=Path(root))
    lead_threads(daemon.stages.settings.runtime.realtime_priority - 2)
    daemon.start()
    stop = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.readline(), stop.set())).start()
    _look_after(daemon, stop, _SETTLE_S)
    voice, window = (
        daemon.stages.metrics.histogram("latency.voice_to_packet"),
        daemon.stages.metrics.histogram("neurosync.window"),
    )
    before, windows = daemon.stages.metrics.values(), window.read()
    cpu_s, began = _cpu_s(), time.monotonic()
    parts: list[dict[str, float | None]] = []
    while not stop.is_set():
        heard = voice.read()
        _look_after(daemon, stop, _PART_S)
        during = voice.read().since(heard)
        if during.count > 600 or not parts:
            rss_mib = sum(_rss_mib(pid) for pid in _processes())
            parts.append({"voice p95 ms": during.percentile_ms(95), "RSS MiB": rss_mib})
    cpu_percent = 100 * (_cpu_s() - cpu_s) / (time.monotonic() - began)
    values, solved = daemon.stages.metrics.values(), window.read().since(windows)
    grown = {key: int(values.get(key) or 0) - int(before.get(key) or 0) for key in ("livelink.late", "neurosync.late")}
    own = {
        "solver": values["solver.name"],
        "threads": values.get("neurosync.threads"),
        "hop_ms": values.get("neurosync.hop_ms"),
        "lookahead_ms": daemon.stages.solver.lookahead_ms,
        "window": [solved.percentile_ms(50), solved.percentile_ms(99)],
        "late": grown["livelink.late"],
        "late_frames": grown["neurosync.late"],
        "first": parts[0],
        "last": parts[-1],
        "cpu_percent": cpu_percent,
    }
    daemon.stop()
    print(json.dumps(own), flush=True)


def _look_after(daemon: Any, stop: threading.Event, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not stop.wait(0.1):
        daemon.supervise()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--short", type=float, default=60.0, help="seconds of the two rows beside it")
    parser.add_argument("--child", nargs=3, metavar=("PORT", "SOLVER", "MODELS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(int(options.child[0]), *options.child[1:])
    else:
        result = measure(options.seconds, options.short)
        for row in result.rows:
            print(row)
        save(result)
