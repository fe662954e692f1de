"""``python -m tests.soak``: a daemon with everything on, in a world where everything goes wrong.

First each fault of the table in docs/operations.md alone, then as many minutes of faults at random.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from tests.bench.report import Bench, save
from tests.soak.fault_table import bench, line, table, try_each
from tests.soak.long_run import soak
from tests.soak.scenarios import BY_NAME
from tests.soak.scenarios.scenario import Scenario
from tests.soak.world import World


def main() -> int:
    """Exit code 1 when a target was missed."""
    options = _options()
    console = Console(width=200 if not sys.stdout.isatty() else None)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    console.print(f"process {os.getpid()}; Ctrl-C ends early")
    benches, logs = [], []
    if not options.no_faults:
        found, log = _try_faults([BY_NAME[name] for name in options.only] or list(BY_NAME.values()), options, console)
        benches.append(found)
        logs.append(log)
    if options.minutes and not options.only:
        seed = random.SystemRandom().randrange(1 << 32) if options.seed is None else options.seed
        console.print(f"{options.minutes:g} min of faults at random, seed {seed}")
        with tempfile.TemporaryDirectory(prefix="soak") as folder:
            soaked = soak(options.minutes, seed, console, options.note, Path(folder), converse=not options.light)
        logs.append(soaked.log)
        benches.append(soaked.bench())
        for row in benches[-1].rows:
            console.print(row.what, row.figures, row.target, {None: "", True: "reached", False: "MISSED"}[row.met])
        console.print(benches[-1].note)
    if options.log:
        options.log.write_text("".join(logs), encoding="utf-8")
    if options.save:
        for each in benches:
            save(each)
    return int(any(row.met is False for each in benches for row in each.rows))


def _try_faults(scenarios: Sequence[Scenario], options: argparse.Namespace, console: Console) -> tuple[Bench, str]:
    converse = not options.light and any("conversation" in one.needs for one in scenarios)
    with tempfile.TemporaryDirectory(prefix="soak") as folder, World(Path(folder), converse=converse) as world:
        outcomes = try_each(scenarios, world, lambda outcome: console.print(line(outcome)))
        log = world.log
    console.print(table(outcomes))
    command = "make soak MINUTES=0" + (' ARGS="--light"' if options.light else "")
    return bench(outcomes, command, options.note), log


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument(
        "--only", action="append", default=[], choices=BY_NAME, metavar="NAME", help=f"one fault: {', '.join(BY_NAME)}"
    )
    parser.add_argument("--no-faults", action="store_true", help="only the faults at random")
    parser.add_argument("--light", action="store_true", help="without a conversation: takes no torch")
    parser.add_argument("--minutes", type=float, default=30.0, help="of faults at random; default 30, 0: none")
    parser.add_argument("--seed", type=int, default=None, help="the same faults at random again")
    parser.add_argument("--save", action="store_true", help="put the figures into docs/benchmarks")
    parser.add_argument("--log", type=Path, metavar="FILE", help="keep what the daemon said")
    parser.add_argument("--note", default="", help="a sentence for whoever reads them")
    options = parser.parse_args()
    if 0 < options.minutes < 1 or options.minutes < 0:
        parser.error("--minutes must be 0, or 1 or more")
    return options


if __name__ == "__main__":
    sys.exit(main())
