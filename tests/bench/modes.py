"""What it costs to change between mirror and converse, with the codec at its true size: time, memory, the packets.

The conversation is made anew each time. What it leaves behind is seen in the memory of one mode over the changes.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Final

import numpy as np

from tests.bench.report import Bench, Row
from tests.soak.usage import Usage
from tests.soak.world import World
from visaged.control.local.client import ControlClient

CHANGES: Final = 40
_REST_S: Final = 2.0
_GAP_MS: Final = 50.0
# What a box of 8 GB can leave lying at a change each hour, for a month.
_KEPT_MIB: Final = 2.0


def measure() -> Bench:
    """One row a mode: what it takes to come into it, and what the daemon is then."""
    took_ms: dict[str, list[float]] = {"mirror": [], "converse": []}
    usage = {mode: Usage() for mode in took_ms}
    with tempfile.TemporaryDirectory(prefix="modes") as name, World(Path(name)) as world:
        socket = Path(name) / "control.sock"
        while not (socket.exists() and world.arrivals.times):
            time.sleep(0.05)
        time.sleep(5 * _REST_S)
        with ControlClient(socket) as client:
            for _ in range(CHANGES // 2):
                for mode, times in took_ms.items():
                    began = time.perf_counter()
                    client.call("mode.set", mode=mode, timeout_s=30.0)
                    times.append(1000 * (time.perf_counter() - began))
                    time.sleep(_REST_S)
                    usage[mode].look(world.daemon.pid)
        gaps = world.arrivals.gaps(_GAP_MS)
    rows = []
    for mode, times in took_ms.items():
        mib = np.array([sample.rss_mib for sample in usage[mode].samples])
        # Through all of them: what one stream happens to have touched comes and goes by some MiB.
        kept_mib = float(np.polyfit(np.arange(len(mib)), mib, 1)[0])
        figures: dict[str, float | str | None] = {
            "takes p50 ms": float(np.median(times)),
            "max ms": max(times),
            "RSS MiB, first": float(mib[0]),
            "last": float(mib[-1]),
            "kept per change MiB": kept_mib,
            "packet gaps > 50 ms": len(gaps),
        }
        target = f"keeps < {_KEPT_MIB:g} MiB, no gap > {_GAP_MS:g} ms"
        rows.append(Row(f"to {mode}, {len(times)} times", figures, target, kept_mib < _KEPT_MIB and not gaps))
    return Bench("modes", "python -m tests.bench modes", rows, "")
