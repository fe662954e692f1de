"""What a process and its children use over time, from /proc, and the slope of it."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

_MIB = 1 << 20
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_S_PER_H = 3600


@dataclass(frozen=True)
class Sample:
    """One look."""

    time_s: float
    rss_mib: float
    descriptors: int
    threads: int


@dataclass(frozen=True)
class Slope:
    """A straight line through the samples."""

    mib_per_h: float
    error_mib_per_h: float
    """Standard error: a short run cannot know better."""


class Usage:
    """Looks at the processes; ``samples`` in order."""

    def __init__(self) -> None:
        self.samples: list[Sample] = []

    def look(self, pid: int) -> None:
        """Add a sample of the process ``pid`` and its children; none when it has just ended."""
        try:
            processes = [Path(f"/proc/{number}") for number in (pid, *children(pid))]
            sample = Sample(
                time.monotonic(),
                sum(int((path / "statm").read_text().split()[1]) for path in processes) * _PAGE_BYTES / _MIB,
                sum(len(list((path / "fd").iterdir())) for path in processes),
                sum(len(list((path / "task").iterdir())) for path in processes),
            )
        except OSError:
            return
        self.samples.append(sample)

    def after(self, seconds: float) -> list[Sample]:
        """The samples from ``seconds`` after the first one on."""
        return [sample for sample in self.samples if sample.time_s - self.samples[0].time_s >= seconds]


def children(pid: int) -> list[int]:
    """The processes that ``pid`` has started, by whichever of its threads. Raises OSError when it has ended."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            found += map(int, (task / "children").read_text().split())
        except OSError:
            continue  # a thread that has just ended
    return found


def slope(samples: list[Sample]) -> Slope | None:
    """How resident memory grows; None for fewer than 10 samples."""
    if len(samples) < 10:
        return None
    hours = np.array([sample.time_s for sample in samples]) / _S_PER_H
    mib = np.array([sample.rss_mib for sample in samples])
    (per_h, _), covariance = np.polyfit(hours - hours[0], mib, 1, cov=True)
    return Slope(float(per_h), float(np.sqrt(covariance[0, 0])))
