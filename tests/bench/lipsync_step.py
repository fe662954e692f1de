"""One lip-sync step as the daemon takes it: every 16.7 ms, when the caches have gone cold; hot-loop figures beside it.

``BENCH_PACKAGE=FOLDER`` measures another package (an older one) in turn with the one that ships.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from tests.bench.report import Bench, Row
from visaged.audio.file_reader import read_all
from visaged.clock import NS_PER_S
from visaged.curves import neutral
from visaged.face.lipsync.solver import LipsyncSolver
from visaged.face.solver import FRAME_RATE_HZ, HOP
from visaged.inference.find import WHEEL_ROOT
from visaged.inference.package import load_package
from visaged.samples import speech_path

_HOT = 600
_PACED = 600
# More than any cache holds.
_DISTURBANCE_BYTES = 96 << 20
_MS = 1e6


def measure() -> Bench:
    """Every package and precision in turn, step by step, so that an hour's mood hits all alike."""
    sound = read_all(speech_path())
    folders = [WHEEL_ROOT / "lipsync", *map(Path, filter(None, [os.environ.get("BENCH_PACKAGE")]))]
    takes = [_Take(folder, precision, sound) for folder in folders for precision in ("int8", "fp32")]
    for take in takes:
        take.hot()
    _pace(takes, "other core idle", None)
    with _busy():
        _pace(takes, "other core busy", None)
    _pace(takes, "caches swept", np.ones(_DISTURBANCE_BYTES, np.uint8))
    before = takes[-1] if len(folders) > 1 else None
    rows = [row for take in takes for row in take.rows(takes[0], before)]
    note = (
        f"Processor time of the solver's thread for one step, Python included ({_PACED} steps each, packages in turn). "
        "In a loop everything stays in the cache; in the daemon other work and other guests of the host sweep it "
        "between two steps. 'Caches swept' reads 96 MB before each step. "
        "The share is of the last package's fp32, the form that shipped before."
    )
    return Bench("lipsync_step", "python -m tests.bench lipsync_step", rows, note)


class _Take:
    """One package in one precision, fed speech."""

    def __init__(self, folder: Path, precision: str, sound: np.ndarray) -> None:
        package = load_package(folder)
        self.name = f"{package.manifest.name} {package.manifest.version} {precision}"
        self._solver = LipsyncSolver(package, 40, precision)
        self._sound = sound[: len(sound) // HOP * HOP].reshape(-1, HOP)
        self._state, self._pose, self._step = self._solver.initial_state(), neutral(), 0
        self.times: dict[str, list[int]] = {}

    def step(self, condition: str) -> None:
        """One step, timed."""
        heard = self._sound[self._step % len(self._sound)]
        self._step += 1
        start = time.thread_time_ns()
        self._state = self._solver.step(heard, self._state, self._pose)
        self.times.setdefault(condition, []).append(time.thread_time_ns() - start)

    def hot(self) -> None:
        """As fast as it goes."""
        for _ in range(_HOT):
            self.step("hot loop")

    def rows(self, first: _Take, before: _Take | None) -> Iterator[Row]:
        """What was measured under each condition."""
        for condition, times in self.times.items():
            half = float(np.median(times)) / _MS
            figures: dict[str, float | str | None] = {
                "p50 ms": half,
                "p99 ms": float(np.percentile(times, 99)) / _MS,
                "% of a core": 100 * half * FRAME_RATE_HZ / 1e3,
            }
            target, met = "", None
            if before is not None and before is not self:
                share = half * _MS / float(np.median(before.times[condition]))
                figures["share of before"] = share
                if condition == "other core idle" and self is first:
                    target, met = "<= 0.5 of before", share <= 0.5
            yield Row(f"{self.name}, {condition}", figures, target, met)


def _pace(takes: list[_Take], condition: str, sweep: np.ndarray | None) -> None:
    """A step every 16.7 ms, the takes in turn."""
    due_ns = time.monotonic_ns()
    for _ in range(_PACED):
        for take in takes:
            due_ns += NS_PER_S // FRAME_RATE_HZ
            time.sleep(max(due_ns - time.monotonic_ns(), 0) / NS_PER_S)
            if sweep is not None:
                sweep.sum()
            take.step(condition)


@contextmanager
def _busy() -> Iterator[None]:
    """A process that computes all the time."""
    process = multiprocessing.get_context("spawn").Process(target=_spin, daemon=True)
    process.start()
    try:
        yield
    finally:
        process.terminate()
        process.join()


def _spin() -> None:
    matrix = np.ones((512, 512), np.float32)
    while True:
        matrix = np.clip(matrix @ matrix, 0, 1)
