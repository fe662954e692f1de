"""Mimi: one 80 ms frame in each direction, paced, on one core, beside moshi, transformers and rustymimi.

All have the same random weights of the true shapes (made once, in the user's cache), a process and one thread each, and
take turns of two seconds, so that whatever else the machine does meets all of them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import numpy as np

from tests.bench.parts.codec_contestants import OPEN
from tests.bench.report import Bench, Row
from tests.codec.true_size import CACHE, true_size

_TURNS: Final = 8
_FRAMES: Final = 26
_TARGET_MS: Final = 30.0
_FACTOR: Final = 2.5
_OURS: Final = "ours, int8 transformer"
_PEERS: Final = ("moshi", "transformers", "rustymimi")
_ONE_THREAD: Final = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"), "1")


class _Worker:
    """A contestant's process, on the last core that we may use."""

    def __init__(self, name: str, cache: Path) -> None:
        core = max(os.sched_getaffinity(0))
        command = [sys.executable, "-m", "tests.bench.parts.codec_worker", name, str(cache), str(core)]
        self._process = subprocess.Popen(
            command, env=os.environ | _ONE_THREAD, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.load_s: float = self._answer()["load_s"]
        self._answer()
        self.encode: list[float] = []
        self.decode: list[float] = []
        self.rss_mib = 0.0

    def turn(self) -> None:
        self._ask(str(_FRAMES))
        times = self._answer()
        self.encode += times["encode"]
        self.decode += times["decode"]

    def end(self) -> None:
        self._ask("end")
        self.rss_mib = self._answer()["rss_mib"]
        self._process.wait()

    @property
    def both(self) -> list[float]:
        return [one + other for one, other in zip(self.encode, self.decode, strict=True)]

    def _ask(self, word: str) -> None:
        assert self._process.stdin is not None
        print(word, file=self._process.stdin, flush=True)

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"a contestant ended: {self._process.args}")
        return dict(json.loads(line))


def measure() -> Bench:
    """All rows."""
    cache = _make(CACHE)
    workers = {name: _Worker(name, cache) for name in OPEN}
    for _ in range(_TURNS):
        for worker in workers.values():
            worker.turn()
    for worker in workers.values():
        worker.end()
    best = min(float(np.median(workers[name].both)) for name in _PEERS)
    rows = [_row(name, worker, best) for name, worker in workers.items()]
    return Bench("codec", "python -m tests.bench codec", rows, _note())


def _row(name: str, worker: _Worker, best_ms: float) -> Row:
    figures: dict[str, float | str | None] = {}
    for direction, times in (("encode", worker.encode), ("decode", worker.decode), ("both", worker.both)):
        figures[f"{direction} p50 ms"], figures[f"{direction} p99 ms"] = np.percentile(times, (50, 99)).tolist()
    factor = best_ms / float(np.median(worker.both))
    figures |= {"x best peer": factor, "load s": worker.load_s, "RSS MiB": worker.rss_mib}
    if name != _OURS:
        return Row(name, figures)
    both_p99 = float(np.percentile(worker.both, 99))
    met = both_p99 <= _TARGET_MS and factor >= _FACTOR
    return Row(name, figures, f"both <= {_TARGET_MS:.0f} ms p99, >= {_FACTOR} x the best peer", met)


def _note() -> str:
    return (
        f"{_TURNS * (_FRAMES - 1)} frames each, one every 80 ms, encode and decode in turn on one core, the "
        "window of ten seconds full, in turns of two seconds. x best peer: medians of both directions beside the "
        "fastest of moshi, transformers and rustymimi in this run. load: opening with the hashes verified, imports "
        "included. SCHED_FIFO where it is allowed, so that what else runs is not measured. Random weights of the true "
        "shapes, 8 codebooks. transformers' decoder keeps no state of its convolutions, so its sound is not exact."
    )


def _make(cache: Path) -> Path:
    """Checkpoints for the peers and packages for us, all of the same weights."""
    done = cache / "done"
    if done.exists():
        return cache
    from models.mimi.dims import TRUE  # noqa: PLC0415
    from models.mimi.twin import random_weights, write_hf, write_native  # noqa: PLC0415

    (cache / "hf").mkdir(parents=True, exist_ok=True)
    weights = random_weights(TRUE)
    write_native(weights, cache / "native.safetensors")
    write_hf(weights, TRUE, cache / "hf" / "model.safetensors")
    # Their weights are these: random_weights has a seed of its own.
    true_size("transformer")
    true_size("all")
    done.touch()
    return cache
