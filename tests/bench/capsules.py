"""Capsules: cost of a tick, hit to pose, load of a large index, a day of random play; on the host and on CUDA.

``python -m tests.bench.capsules --hours 1`` plays less than a day.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tests.bench.report import Bench, Row
from tests.capsules.fakes import Stage
from tests.capsules.making import capsule
from tests.capsules.playing.random_play import RandomPlay
from tests.inference.slabs import cuda_missing
from visaged.capsules.file import capsule as capsule_format
from visaged.capsules.file.pack import PackManifest
from visaged.capsules.library.catalogue import Entry, encode_index
from visaged.capsules.library.library import Library, Record, entry_of
from visaged.capsules.service import Capsules
from visaged.clock import now_ns
from visaged.curves import COUNT
from visaged.inference.memory import CudaSlab, HostSlab, Slab

COMMAND = "python -m tests.bench.capsules"
LARGE = 10_000
HOURS = 24.0
CAP_BYTES = 1024 * 1024


def measure() -> Bench:
    """Everything, a day of play included."""
    return bench(HOURS)


def bench(hours: float) -> Bench:
    """All rows; ``hours`` of simulated play."""
    reason = cuda_missing()
    opens: list[tuple[str, Callable[[int], Slab]]] = [("host", HostSlab)]
    if not reason:
        opens.append(("cuda", CudaSlab))
    rows = [*ticks(), index()]
    for name, open_slab in opens:
        rows += [hit_to_pose(name, open_slab), play(name, open_slab, hours)]
    note = f"Not run on CUDA here: {reason}." if reason else ""
    return Bench("capsules", f"{COMMAND} --hours {hours:g}", rows, note)


def ticks() -> list[Row]:
    """One tick of the player with so many clips at once, none of which falls on a frame."""
    rows = []
    for count in (0, 1, 8, 24):
        stage = Stage()
        generator = np.random.default_rng(1)
        for number in range(count):
            one = capsule(f"VF_{number}", frames=3000, blend_mode=("additive", "override", "multiply")[number % 3])
            assert one.curves is not None
            one.curves[:] = generator.uniform(0, 1, (3000, COUNT))
            stage.play(one, at_ns=stage.now_ns + 5_000_000)
            stage.step()
        stage.run(200)
        pose, times = np.zeros(COUNT, np.float32), []
        for _ in range(2000):
            time_ns = stage.now_ns
            start = time.perf_counter_ns()
            stage.player.apply(pose, time_ns)
            times.append((time.perf_counter_ns() - start) / 1e6)
            stage.tick += 1
        assert len(stage.player.playing) == count
        target = ("p50 <= 0.3 ms", statistics.median(times) <= 0.3) if count == 8 else ("", None)
        rows.append(Row(f"one tick, {count} overlapping capsules", _percentiles(times), *target))
    return rows


def hit_to_pose(name: str, open_slab: Callable[[int], Slab]) -> Row:
    """From ``play`` of a cached capsule to the pose it is in: the command, the lease, the tick."""
    with tempfile.TemporaryDirectory() as folder:
        capsules = Capsules(Path(folder), open_slab(64 * 1024 * 1024), seed=1)
        capsules.start()
        cids = [entry.cid for entry in capsules.installed() if entry.cid.startswith("VF_")]
        while int(capsules.statistics()["cached"]) < len(cids):
            time.sleep(0.01)
        times, pose = [], np.zeros(COUNT, np.float32)
        generator = random.Random(1)
        for _ in range(1000):
            start = time.perf_counter_ns()
            capsules.play(generator.choice(cids))
            capsules.layer.apply(pose, now_ns() + 1_000_000)
            times.append((time.perf_counter_ns() - start) / 1e6)
            capsules.stop_playing(fade_ms=0)
            for ahead_ms in (2, 40, 80):  # let it end: the next one is alone again
                capsules.layer.apply(pose, now_ns() + ahead_ms * 1_000_000)
            time.sleep(0.001)
        capsules.stop()
    median = statistics.median(times)
    return Row(f"hit to pose, {name} cache, real threads", _percentiles(times), "p50 <= 0.2 ms", median <= 0.2)


def index() -> Row:
    """Loading a library of 10,000 capsules from its index."""
    with tempfile.TemporaryDirectory() as folder:
        library = Library(Path(folder), built_in=())
        for path in (library.packs_dir, library.objects_dir):
            path.mkdir()
        data = capsule_format.encode(capsule("VF_A", emotion=None, tags=("smile", "greeting")))
        first = entry_of(data, "VF_A.capsule", "large")
        entries = {}
        for number in range(LARGE):
            cid = f"VF_{number:05}"
            header = first.header_json.replace('"VF_A"', f'"{cid}"')
            entries[cid] = Entry(cid, f"{number:064x}", len(data), "large", header)
        manifest = PackManifest(
            name="large", version="1", files={f"{cid}.capsule": entry.sha256 for cid, entry in entries.items()}
        )
        record = Record(manifest=manifest)
        (library.packs_dir / "large.json").write_text(record.model_dump_json())
        library.write_index(entries, {"large": record})
        assert encode_index(entries, {})
        times = []
        for _ in range(5):
            again = Library(Path(folder), built_in=())
            start = time.perf_counter()
            again.load()
            times.append((time.perf_counter() - start) * 1000)
            assert len(again.catalogue.entries) == LARGE
    figures: dict[str, float | str | None] = {"p50 ms": statistics.median(times), "max ms": max(times)}
    return Row(f"index of {LARGE:,} capsules loaded", figures, "<= 500 ms", max(times) <= 500)


def play(name: str, open_slab: Callable[[int], Slab], hours: float) -> Row:
    """Random play in fast-forward, a cache of less than half the library."""
    day = RandomPlay(open_slab(CAP_BYTES), seed=24)
    start = time.perf_counter()
    warm_up_s = min(hours * 3600 / 10, 3600)
    day.run(hours * 3600, warm_up_s)
    elapsed_s = time.perf_counter() - start
    outcome = day.finish()
    assert outcome.figures is not None
    grown_kib = outcome.rss_end_kib - outcome.rss_start_kib
    sound = not (outcome.torn or outcome.over_cap or outcome.not_finite) and outcome.leased_at_end == 1
    figures: dict[str, float | str | None] = {
        "ticks": outcome.ticks,
        "asked": outcome.asked,
        "evictions": float(outcome.figures["evictions"]),
        "over cap": outcome.over_cap,
        "torn": outcome.torn,
        "memory grown MiB": grown_kib / 1024,
        "took s": elapsed_s,
    }
    what = f"{hours:g} h of random play, {name} cache of 1 MiB"
    return Row(what, figures, "cap held, no leak (8 MiB), none torn", sound and grown_kib < 8192)


def _percentiles(times: list[float]) -> dict[str, float | str | None]:
    ordered = sorted(times)
    return {
        "p50 ms": statistics.median(ordered),
        "p99 ms": ordered[int(0.99 * len(ordered))],
        "max ms": ordered[-1],
    }


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=HOURS)
    os.nice(5)
    for row in bench(parser.parse_args().hours).rows:
        print(row.what, *(f"{key} {value:.4g}" for key, value in row.figures.items()), row.target, row.met, sep=" | ")


if __name__ == "__main__":
    main()
