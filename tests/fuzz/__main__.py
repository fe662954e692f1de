"""``make fuzz MINUTES=M FORMATS="csv wav"``: M minutes per format; what is found goes into the corpus."""

from __future__ import annotations

import argparse
import logging
import random
import sys

from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from tests.fuzz.driver import for_seconds, fuzz
from tests.fuzz.formats import FORMATS


def main() -> int:
    """Exit code 0: nothing found; 1: at least one finding."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("formats", nargs="*", metavar="FORMAT", help=f"of {', '.join(FORMATS)}; default: all")
    parser.add_argument("--minutes", type=float, default=1.0, help="per format (default: 1)")
    parser.add_argument("--seed", type=int, default=None, help="to repeat a run; default: a new one, which is printed")
    options = parser.parse_args()
    if unknown := [name for name in options.formats if name not in FORMATS]:
        parser.error(f"unknown format {', '.join(unknown)}; there are {', '.join(FORMATS)}")
    logging.disable(logging.CRITICAL)
    seed = random.randrange(1 << 32) if options.seed is None else options.seed
    print(f"seed {seed}")
    found = 0
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, disable=not sys.stderr.isatty()) as progress:
        for name in options.formats or FORMATS:
            task = progress.add_task(name, total=None)
            last = [0]

            def tell(count: int, name: str = name, task: int = task, last: list[int] = last) -> None:
                last[0] = count
                progress.update(task, description=f"{name}: {count} inputs")

            finding = fuzz(FORMATS[name], for_seconds(options.minutes * 60, tell), seed)
            progress.remove_task(task)
            if finding is None:
                print(f"{name}: {last[0]} inputs, nothing found", flush=True)
                continue
            found += 1
            print(f"{name}: FOUND after {last[0]} inputs, kept as {finding.keep(name)}\n{finding.trace}", flush=True)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
