"""``python -m tests.bench [NAME …]``: run all benchmarks, or those named, and write docs/benchmarks.*.

A benchmark is a module of this folder with ``measure() -> Bench``.
"""

from __future__ import annotations

import argparse
import importlib

from rich.console import Console

from tests.bench.report import save

# Slowest last, so that a person who waits sees figures early.
BENCHMARKS = (
    "pacing",
    "outputs",
    "lipsync_step",
    "daemon",
    "faces",
    "capsules",
    "codec",
    "codec_link",
    "modes",
    "conversation",
    "neurosync_features",
    "neurosync",
    "mqtt_fleet",
    "mqtt_daemon",
    "mqtt",
)

# Needs what not every machine has, or ten minutes.
ON_REQUEST = ("box", "gpu", "neurosync_live")


def main() -> None:
    """Run, show and save."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    known = (*BENCHMARKS, *ON_REQUEST)
    parser.add_argument("names", nargs="*", choices=[[], *known], metavar="NAME", help=f"of: {', '.join(known)}")
    console = Console()
    for name in parser.parse_args().names or BENCHMARKS:
        console.rule(name)
        bench = importlib.import_module(f"tests.bench.{name}").measure()
        for row in bench.rows:
            figures = "  ".join(f"{key} [bold]{value}[/]" for key, value in row.figures.items())
            verdict = {None: "", True: " [green]reached[/]", False: " [red]not reached[/]"}[row.met]
            console.print(f"{row.what}: {figures}  {row.target}{verdict}")
        save(bench)


if __name__ == "__main__":
    main()
