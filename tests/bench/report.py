"""What a benchmark gives back, and the two files that keep it: docs/benchmarks.json and docs/benchmarks.md."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parents[2] / "docs"


@dataclass(frozen=True)
class Row:
    """One thing that was measured under one condition."""

    what: str
    """``packet gap error, both cores busy, FIFO``"""
    figures: dict[str, float | str | None]
    """Name with unit -> value: ``{"p50 ms": 0.02, "p99 ms": 0.11, "max ms": 0.4}``."""
    target: str = ""
    met: bool | None = None
    """Whether the target was reached; None where there is none."""


@dataclass(frozen=True)
class Bench:
    """The rows of one benchmark file, measured side by side in one run."""

    name: str
    command: str
    rows: Sequence[Row]
    note: str = ""


def machine() -> str:
    """CPU, cores and kernel, for the reader of a figure."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine()
    )
    return f"{model}, {os.cpu_count()} cores, Linux {platform.release()}, Python {platform.python_version()}"


def save(bench: Bench, folder: Path = FOLDER) -> None:
    """Put ``bench`` in both files in place of its last run; what other benchmarks left there stays."""
    path = folder / "benchmarks.json"
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    measured = datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    kept[bench.name] = {"machine": machine(), "measured": measured} | asdict(bench)
    folder.mkdir(exist_ok=True)
    path.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / "benchmarks.md").write_text(_markdown(kept), encoding="utf-8")


def _markdown(benches: dict[str, dict[str, object]]) -> str:
    text = "# Benchmarks\n\nWritten by `make bench`; every figure is from the run named above its table.\n"
    for name, bench in sorted(benches.items()):
        text += f"\n## {name}\n\n`{bench['command']}` on {bench['machine']}, {bench['measured']}\n\n"
        rows = bench["rows"]
        assert isinstance(rows, list)
        columns = list(dict.fromkeys(figure for row in rows for figure in row["figures"]))
        text += f"| what | {' | '.join(columns)} | target | met |\n|{'---|' * (len(columns) + 3)}\n"
        for row in rows:
            cells = [_shown(row["figures"].get(column)) for column in columns]
            met = {None: "", True: "yes", False: "**no**"}[row["met"]]
            text += f"| {row['what']} | {' | '.join(cells)} | {row['target']} | {met} |\n"
        if bench["note"]:
            text += f"\n{bench['note']}\n"
    return text


def _shown(value: float | str | None) -> str:
    return "" if value is None else value if isinstance(value, str) else f"{value:.4g}"
