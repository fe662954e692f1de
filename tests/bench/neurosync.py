"""One NeuroSync window (128 frames, 2.1 s of speech) at full size: ONNX packages beside the plain torch module.

The weights are random, of the true shapes, made and imported once into .cache/neurosync (a minute, 1.7 GB).
"""

from __future__ import annotations

import json
import multiprocessing
import os
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from tests.bench.report import Bench, Row
from visaged.curves import CURVES, REGIONS
from visaged.inference.package import Package, load_package
from visaged.inference.step import StepRunner
from visaged.inference.timing import peak_memory_mib

CACHE: Final = Path(__file__).parents[2] / ".cache" / "neurosync"
_FOLDER: Final = CACHE / "random-1.0.1"
_WEIGHTS: Final = CACHE / "model.pth"
# In turn, so that what else the machine does falls on all alike.
_ROUNDS: Final = 7
_THREADS: Final = len(os.sched_getaffinity(0))
_NAMES: Final = ("torch", "fp32", "fp16", "int8")
_FASTER: Final = 6
_MOUTH_P99: Final = 0.02


Case = tuple[str, int]
"""Contender and threads."""


class Run(NamedTuple):
    """One window."""

    wall_ms: float
    cpu_ms: float


@dataclass(frozen=True)
class Alone:
    """One contender in a process of its own."""

    load_s: float
    peak_mib: float
    """Resident at most, all told."""
    settled_mib: float
    """Resident after some windows."""


def measure() -> Bench:
    """Time in turn in one process, memory alone in others, errors from the import's report."""
    package = random_package()
    times = _in_turn(package)
    rows = [_row(case, times, _alone(case[0]) if case[1] == _THREADS else None) for case in times]
    rows += _errors(package)
    note = (
        f"One window of 128 frames, {_ROUNDS} runs in turn in one process; memory and load time in a process of its "
        "own each. Wall time is that of the best run, times faster that with as many threads; processor time, the "
        "median, tells of a busy machine more justly, but counts a thread of torch's while it waits. Random weights "
        "(235 M, seed 1), curves of 15 % +- 15 %; errors in curve units (0..1) on speech that calibration has not "
        "seen, of the worst curve of each region. Real weights will differ: every import measures its own."
    )
    return Bench("neurosync", "python -m tests.bench neurosync", rows, note)


def random_package() -> Package:
    """The package in the cache, made if it is not there."""
    if not (_FOLDER / "model.json").exists():
        import torch  # noqa: PLC0415

        from models.neurosync.importing import Wishes, import_weights  # noqa: PLC0415
        from models.neurosync.shape import Shape  # noqa: PLC0415
        from models.neurosync.twin import random_weights  # noqa: PLC0415

        CACHE.mkdir(parents=True, exist_ok=True)
        torch.save({name: torch.from_numpy(array) for name, array in random_weights(Shape()).items()}, _WEIGHTS)
        import_weights(
            _WEIGHTS, CACHE, Wishes(name="random", version="1.0.1", licence="CC0-1.0"), lambda step, share: None
        )
    return load_package(_FOLDER)


def _contender(name: str, package: Package, threads: int = _THREADS) -> Callable[[], object]:
    """One window by ``torch``, or by a precision of the package."""
    window = np.random.default_rng(1).standard_normal((1, 128, 256)).astype(np.float32)
    if name == "torch":
        return _torch(threads, window)
    runner = StepRunner(package, name, ["cpu"], threads)
    state = runner.initial_state()
    state.inputs["features"][...] = window
    return lambda: runner.step(state)


def _torch(threads: int, window: np.ndarray) -> Callable[[], object]:
    import torch  # noqa: PLC0415

    from models.neurosync import module  # noqa: PLC0415
    from models.neurosync.checkpoint import read  # noqa: PLC0415

    model = read(_WEIGHTS)
    net = module.build(dict(model.weights), model.shape, model.position)

    def run() -> object:
        torch.set_num_threads(threads)
        return module.run(net, window)

    return run


def _in_turn(package: Package) -> dict[Case, list[Run]]:
    """Every run of every contender."""
    cases: list[Case] = [*((name, _THREADS) for name in _NAMES), ("torch", 1), ("fp32", 1), ("int8", 1)]
    contenders = {case: _contender(case[0], package, case[1]) for case in dict.fromkeys(cases)}
    runs: dict[Case, list[Run]] = {case: [] for case in contenders}
    for turn in range(_ROUNDS + 1):
        for case, run in contenders.items():
            began, used = time.perf_counter(), time.process_time()
            run()
            # The first round warms up.
            if turn:
                runs[case].append(Run(1000 * (time.perf_counter() - began), 1000 * (time.process_time() - used)))
    return runs


def alone(name: str) -> Alone:
    """Load and run in this process."""
    package = load_package(_FOLDER)
    began = time.perf_counter()
    run = _contender(name, package)
    load_s = time.perf_counter() - began
    for _ in range(3):
        run()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    settled_mib = pages * os.sysconf("SC_PAGE_SIZE") / 2**20
    return Alone(load_s, peak_memory_mib(), settled_mib)


def _alone(name: str) -> Alone:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(alone, name).result()


def _row(case: Case, runs: dict[Case, list[Run]], found: Alone | None) -> Row:
    name, threads = case
    # What else runs on the machine can only add: the least is the contender's own.
    wall_ms = {of: min(run.wall_ms for run in runs[of]) for of in (case, ("torch", threads))}
    cpu_ms = {of: statistics.median(run.cpu_ms for run in runs[of]) for of in wall_ms}
    ratio = wall_ms["torch", threads] / wall_ms[case]
    figures: dict[str, Any] = {
        "wall ms": wall_ms[case],
        "times faster": ratio,
        "processor ms": cpu_ms[case],
        "times less": cpu_ms["torch", threads] / cpu_ms[case],
    }
    if found:
        figures |= {"load s": found.load_s, "memory MiB": found.settled_mib, "peak MiB": found.peak_mib}
    judged = name == "int8"
    what = "torch, plain module, eager" if name == "torch" else f"ONNX Runtime, {name}"
    target = f">= {_FASTER} x faster than torch" if judged else ""
    return Row(f"{what}, {threads} thread{'s' * (threads > 1)}", figures, target, ratio >= _FASTER if judged else None)


def _errors(package: Package) -> list[Row]:
    """p99 of the worst curve of each region, from the import's report."""
    report = json.loads((package.folder / "report.json").read_text(encoding="utf-8"))["precisions"]
    rows = []
    for precision in ("fp32", "fp16", "int8"):
        curves = report[precision]["curves"]
        figures: dict[str, Any] = {
            f"{region} p99": max(curves[CURVES[index]]["p99"] for index in indices)
            for region, indices in REGIONS.items()
            if region in ("jaw", "mouth", "brows", "cheeks", "eyes")
        }
        figures["largest"] = max(found["max"] for name, found in curves.items() if name in CURVES)
        judged = precision == "int8"
        mouth = report[precision]["mouth_p99"]
        target = f"mouth p99 <= {_MOUTH_P99}" if judged else ""
        rows.append(Row(f"error of {precision}", figures, target, mouth <= _MOUTH_P99 if judged else None))
        for way in ("dynamic", "static"):
            if found := report[precision].get(f"int8_{way}"):
                figures = {"mouth p99": found["mouth_p99"], "window ms": found["p50_ms"]}
                target = f"mouth p99 <= {_MOUTH_P99}" if way == "static" else ""
                met = found["mouth_p99"] <= _MOUTH_P99 if way == "static" else None
                rows.append(Row(f"int8, {way} scales", figures, target, met))
    return rows
