"""How long a step of a model takes on this box, and how much memory."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Final

# The first steps fill caches and memory pools.
_WARM_UP: Final = 2
_LEAST: Final = 5
_MOST: Final = 20_000


@dataclass(frozen=True)
class Timing:
    """Of repeated steps, in ms."""

    p50_ms: float
    p99_ms: float
    steps: int


def time_steps(step: Callable[[], object], seconds: float) -> Timing:
    """Call ``step`` for about ``seconds``, five times at least."""
    for _ in range(_WARM_UP):
        step()
    times: list[float] = []
    until = time.perf_counter() + seconds
    while len(times) < _LEAST or (time.perf_counter() < until and len(times) < _MOST):
        began = time.perf_counter()
        step()
        times.append(1000 * (time.perf_counter() - began))
    return Timing(median(times), quantiles(times, n=100, method="inclusive")[98], len(times))


def peak_memory_mib() -> float:
    """Most that this process was resident with since its program began, MiB (proc_pid_status(5))."""
    lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024
