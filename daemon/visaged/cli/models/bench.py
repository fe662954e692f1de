"""``visaged models bench``: how long a step of each precision takes on this box, by threads."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from visaged.console import exit_codes
from visaged.console.progress import progress_bar
from visaged.console.say import say
from visaged.console.tables import plain_table, print_table
from visaged.inference.errors import PackageError, SessionError
from visaged.inference.find import list_packages, search_roots
from visaged.inference.package import Package, load_package
from visaged.inference.providers import AUTO

_MOST_SECONDS = 600.0


@dataclass(frozen=True)
class BenchResult:
    """One precision with a number of threads, in a process of its own."""

    precision: str
    threads: int
    providers: tuple[str, ...]
    load_s: float
    p50_ms: float
    p99_ms: float
    memory_mib: float
    """Resident at most, beyond what the program itself takes."""


def add_bench_arguments(action: argparse.ArgumentParser) -> None:
    """Add the options of ``bench``."""
    action.add_argument("folders", nargs="*", type=Path, metavar="DIR", help="packages (default: all on this box)")
    action.add_argument("--seconds", type=_seconds, default=3.0, help="per precision and thread count (default 3)")
    action.add_argument("--threads", type=_threads, metavar="LIST", help="such as 1,2 (default: up to the cores)")
    action.add_argument(
        "--provider", action="append", metavar="NAME", help="cpu, cuda or tensorrt; may be repeated (default auto)"
    )


def bench(options: argparse.Namespace) -> int:
    """Time and print; exit 1 when one does not run. Raises PackageError."""
    packages = [load_package(folder) for folder in options.folders]
    packages = packages or [package for root in search_roots() for package in list_packages(root)[0]]
    status = exit_codes.DONE
    for package in packages:
        manifest = package.manifest
        say(f"{manifest.name} {manifest.version} ({manifest.kind}), {package.folder}")
        table = plain_table("precision", "threads", "on", "load s", "step p50 ms", "p99 ms", "memory MiB")
        best: BenchResult | None = None
        for found in _measure_all(package, options):
            if isinstance(found, Exception):
                say(f"  {found}")
                status = exit_codes.FAILED
                continue
            on = ", ".join(name.removesuffix("ExecutionProvider") for name in found.providers)
            figures = (f"{found.load_s:.2f}", f"{found.p50_ms:.2f}", f"{found.p99_ms:.2f}", f"{found.memory_mib:.0f}")
            table.add_row(found.precision, str(found.threads), on, *figures)
            best = found if best is None or found.p50_ms < best.p50_ms else best
        if best:
            print_table(table)
            _print_live(package)
            print(f'fastest here: inference.precision = "{best.precision}", inference.threads = {best.threads}')
    return status


def _print_live(package: Package) -> None:
    """What the daemon found by itself, where it looks for that."""
    if package.manifest.kind != "neurosync":
        return
    from visaged.face.neurosync.threads import read_measured  # noqa: PLC0415
    from visaged.inference.engines import DEFAULT_CACHE  # noqa: PLC0415

    for precision in package.manifest.files:
        kept = read_measured(DEFAULT_CACHE, package, precision)
        if kept is not None:
            times = ", ".join(f"{threads}: {took_ms:.0f} ms" for threads, took_ms in kept.window_ms.items())
            print(
                f"live in {precision}: inference.threads = {kept.threads} unless set, measured {kept.date[:10]} "
                f"at its first start ({times})"
            )


def measure(package: Package, precision: str, threads: int, providers: tuple[str, ...], seconds: float) -> BenchResult:
    """Open and step one precision in this process. Raises PackageError, SessionError."""
    from visaged.inference.engine_build import random_feed  # noqa: PLC0415
    from visaged.inference.step import StepRunner  # noqa: PLC0415
    from visaged.inference.timing import peak_memory_mib, time_steps  # noqa: PLC0415

    before = peak_memory_mib()
    began = time.monotonic()
    runner = StepRunner(package, precision, providers, threads)
    state = runner.initial_state()
    load_s = time.monotonic() - began
    for name, values in random_feed(package).items():
        if name in state.inputs:
            state.inputs[name][...] = values
    timing = time_steps(lambda: runner.step(state), seconds)
    memory_mib = peak_memory_mib() - before
    return BenchResult(precision, threads, runner.providers, load_s, timing.p50_ms, timing.p99_ms, memory_mib)


def _measure_all(package: Package, options: argparse.Namespace) -> list[BenchResult | Exception]:
    counts = options.threads or _up_to(len(os.sched_getaffinity(0)))
    cases = [(precision, threads) for precision in package.manifest.files for threads in counts]
    providers = tuple(options.provider or (AUTO,))
    found: list[BenchResult | Exception] = []
    with progress_bar() as report:
        for number, (precision, threads) in enumerate(cases):
            report(f"{precision}, {threads} threads", number / len(cases))
            # A fresh process: memory that one model took and gave back would hide what the next one takes.
            with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
                try:
                    found.append(pool.submit(measure, package, precision, threads, providers, options.seconds).result())
                except (PackageError, SessionError) as error:
                    found.append(error)
    return found


def _up_to(cores: int) -> list[int]:
    """1, 2, 4 … and all cores."""
    return sorted({*(1 << bit for bit in range(cores.bit_length()) if 1 << bit <= cores), cores})


def _threads(text: str) -> list[int]:
    try:
        counts = [int(word) for word in text.split(",")]
    except ValueError:
        counts = []
    if not counts or not all(1 <= count <= 64 for count in counts):
        raise argparse.ArgumentTypeError(f"'{text}': expected numbers from 1 to 64, with commas between")
    return counts


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds <= _MOST_SECONDS:
        raise argparse.ArgumentTypeError(f"'{text}': expected more than 0 and up to {_MOST_SECONDS:g} s")
    return seconds
