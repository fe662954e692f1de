"""``python -m tests.soak --minutes N``: a daemon with everything on, in a world where everything goes wrong."""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from rich.console import Console

from tests.bench.report import save
from tests.soak.commands import Commands
from tests.soak.misfortunes import Misfortunes
from tests.soak.report import GAP_MS, Soaked
from tests.soak.usage import Usage
from tests.soak.world import World
from visaged.control.local.client import ControlClient, NoDaemon

# A turn of the guest, and one of the brain.
_SETTLE_S = 45.0
_SILENT = {"code": "the daemon does not answer"}
_WARM_UP = 0.25
_LONGEST_WARM_UP_S = 600.0
_BETWEEN_S = (3.0, 12.0)
_COMMANDS_PER_S = 4


def soak(minutes: float, seed: int, console: Console, note: str, folder: Path) -> Soaked:
    """Run in ``folder``, with a line for each misfortune."""
    rng = random.Random(seed)
    struck: list[tuple[int, str]] = []
    usage = Usage()
    ended = threading.Event()
    with World(folder) as world:
        socket = folder / "control.sock"
        commands = Commands(socket, random.Random(seed + 1))
        while not (socket.exists() and world.arrivals.times):
            time.sleep(0.05)
        threads = (
            threading.Thread(target=_command, args=(commands, ended)),
            threading.Thread(target=_look, args=(usage, world, ended)),
        )
        for thread in threads:
            thread.start()
        before: dict[str, Any] = {}
        try:
            _strike(Misfortunes(world, rng), rng, minutes * 60 - _SETTLE_S, struck, console)
            world.step_clock(0)
            before = _health(socket)
            time.sleep(_SETTLE_S)
        except KeyboardInterrupt:
            console.print("ended early")
        ended.set()
        for thread in threads:
            thread.join()
        commands.close()
        after = _health(socket)
    return Soaked(
        minutes=round(world.arrivals.seconds / 60, 1),
        packets=len(world.arrivals.times),
        gaps=world.arrivals.gaps(GAP_MS),
        struck=struck,
        samples=usage.samples,
        warm_up_s=min(_WARM_UP * minutes * 60, _LONGEST_WARM_UP_S),
        log=world.log,
        answered=commands.answered,
        refused=commands.refused,
        unanswered=commands.unanswered,
        exit_code=world.exit_code,
        open_at_end=[problem["code"] for problem in after.get("problems", [_SILENT])],
        talk_before=before.get("codec", {}),
        talk=after.get("codec", {}),
        note=note,
    )


def _strike(
    misfortunes: Misfortunes, rng: random.Random, seconds: float, struck: list[tuple[int, str]], console: Console
) -> None:
    end = time.monotonic() + seconds
    order: list[str] = []
    while time.monotonic() < end:
        time.sleep(rng.uniform(*_BETWEEN_S))
        # Each kind once before any comes again.
        order = order or rng.sample(sorted(misfortunes.kinds), len(misfortunes.kinds))
        name = order.pop()
        struck.append((time.time_ns(), name))
        console.print(f"{(end - time.monotonic()) / 60:6.1f} min left  {name}")
        misfortunes.strike(name)


def _command(commands: Commands, ended: threading.Event) -> None:
    while not ended.wait(1 / _COMMANDS_PER_S):
        commands.send()


def _look(usage: Usage, world: World, ended: threading.Event) -> None:
    while not ended.wait(2.0):
        usage.look(world.daemon.pid)


def _health(socket: Path) -> dict[str, Any]:
    try:
        with ControlClient(socket) as client:
            return dict(client.call("health.get"))
    except NoDaemon:
        return {}


def main() -> int:
    """Exit code 1 when a target was missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0, help="default 30")
    parser.add_argument("--seed", type=int, default=None, help="the same misfortunes again")
    parser.add_argument("--save", action="store_true", help="put the figures into docs/benchmarks")
    parser.add_argument("--log", type=Path, metavar="FILE", help="keep what the daemon said")
    parser.add_argument("--note", default="", help="a sentence for whoever reads them")
    options = parser.parse_args()
    if options.minutes < 1:
        parser.error("--minutes must be 1 or more")
    console = Console()
    seed = random.SystemRandom().randrange(1 << 32) if options.seed is None else options.seed
    console.print(f"seed {seed}, {options.minutes:g} min, process {os.getpid()}; Ctrl-C ends early and reports")
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    with tempfile.TemporaryDirectory(prefix="soak") as folder:
        soaked = soak(options.minutes, seed, console, options.note, Path(folder))
    if options.log:
        options.log.write_text(soaked.log, encoding="utf-8")
    bench = soaked.bench()
    for row in bench.rows:
        verdict = {None: "", True: "reached", False: "MISSED"}[row.met]
        console.print(row.what, row.figures, row.target, verdict)
    console.print(bench.note)
    if options.save:
        save(bench)
    return int(any(row.met is False for row in bench.rows))


if __name__ == "__main__":
    sys.exit(main())
