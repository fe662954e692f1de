"""How many threads NeuroSync's session gets: as set, else what was measured on this box, once per model.

The rule: the fewest whose window takes at most a tenth longer than the quickest's. Up to all cores: what moves the face
does not need one left free, for its threads are realtime and the session's stand back behind all others (realtime.py).
"""

from __future__ import annotations

import json
import logging
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Final

from visaged.files import write_atomic
from visaged.inference.package import Package, model_hash

if TYPE_CHECKING:
    from visaged.config import InferenceSettings

log = logging.getLogger(__name__)

# More than this wait for each other at 128 frames.
_MOST: Final = 8
_WORTH_IT: Final = 1.1
_CPUINFO: Final = Path("/proc/cpuinfo")


@dataclass(frozen=True)
class MeasuredThreads:
    """What was found on this box."""

    threads: int
    """The choice."""
    window_ms: dict[int, float]
    """By threads."""
    box: str
    """Processor and cores that it holds for."""
    date: str
    """UTC."""


def most_threads() -> int:
    """Those that are worth trying: 1 to this."""
    return min(len(os.sched_getaffinity(0)), _MOST)


def choose(window_ms: Mapping[int, float]) -> int:
    """The number of threads to use, from what a window takes by threads."""
    enough_ms = _WORTH_IT * min(window_ms.values())
    return min(threads for threads, took_ms in window_ms.items() if took_ms <= enough_ms)


def threads_for(inference: InferenceSettings, package: Package) -> int:
    """For a session that is not timed: as set, as measured before, or every core."""
    if "threads" in inference.model_fields_set:
        return inference.threads
    measured = read_measured(inference.engine_cache, package, package.choose(inference.precision))
    return most_threads() if measured is None else measured.threads


def read_measured(cache: Path, package: Package, precision: str) -> MeasuredThreads | None:
    """What was measured on this box before; None: nothing, or nothing that can be read."""
    try:
        told = json.loads(_path(cache, package, precision).read_bytes())
        window_ms = {int(threads): float(took_ms) for threads, took_ms in told["window_ms"].items()}
        measured = MeasuredThreads(int(told["threads"]), window_ms, str(told["box"]), str(told["date"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        log.warning("%s is measured again: %s", _path(cache, package, precision), error)
        return None
    return measured if measured.box == _box() and 1 <= measured.threads <= most_threads() else None


def keep_measured(cache: Path, package: Package, precision: str, window_ms: Mapping[int, float]) -> None:
    """Note it for the next start. Where that is not possible it is measured again then."""
    date = datetime.now(timezone.utc).isoformat(timespec="seconds")
    measured = MeasuredThreads(choose(window_ms), dict(window_ms), _box(), date)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        write_atomic(_path(cache, package, precision), (json.dumps(asdict(measured), indent=1) + "\n").encode())
    except OSError as error:
        log.info("NeuroSync's threads are measured at each start, as they cannot be noted: %s", error)


def _path(cache: Path, package: Package, precision: str) -> Path:
    return cache / f"threads_{package.manifest.name}_{precision}_{model_hash(package.manifest)[:16]}.json"


def _box() -> str:
    lines = _CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines() if _CPUINFO.exists() else []
    named = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return f"{named or platform.machine()}, {most_threads()} of {len(os.sched_getaffinity(0))} cores"
