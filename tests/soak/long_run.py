"""The long run: one fault after the other at random for as long as you like; gaps, memory, commands, problems."""

from __future__ import annotations

import random
import threading
import time
from pathlib import Path
from typing import Any

from rich.console import Console

from tests.soak.commands import Commands
from tests.soak.health_watch import HealthWatch
from tests.soak.report import GAP_MS, Soaked
from tests.soak.scenarios import BY_NAME
from tests.soak.usage import Usage
from tests.soak.world import World

# A turn of the guest, and one of the brain.
_SETTLE_S = 45.0
_SILENT = {"code": "the daemon does not answer"}
_WARM_UP = 0.25
_LONGEST_WARM_UP_S = 600.0
_BETWEEN_S = (3.0, 12.0)
_LASTS_S = (1.0, 8.0)
_COMMANDS_PER_S = 4


def soak(minutes: float, seed: int, console: Console, note: str, folder: Path, *, converse: bool) -> Soaked:
    """Run in ``folder``, with a line for each fault."""
    rng = random.Random(seed)
    struck: list[tuple[int, str]] = []
    usage = Usage()
    ended = threading.Event()
    with World(folder, converse=converse) as world:
        watch = HealthWatch(world.socket)
        watch.settle(_SETTLE_S)
        commands = Commands(world.socket, random.Random(seed + 1))
        threads = (
            threading.Thread(target=_command, args=(commands, ended)),
            threading.Thread(target=_look, args=(usage, world, ended)),
        )
        for thread in threads:
            thread.start()
        before: dict[str, Any] = {}
        try:
            _strike(world, rng, minutes * 60 - _SETTLE_S, struck, console)
            before = dict(watch.ask() or {})
            time.sleep(_SETTLE_S)
        except KeyboardInterrupt:
            console.print("ended early")
        ended.set()
        for thread in threads:
            thread.join()
        commands.close()
        after = dict(watch.ask() or {})
        watch.close()
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
        talk_before=before.get("codec", {}) if converse else None,
        talk=after.get("codec", {}),
        note=note,
    )


def _strike(world: World, rng: random.Random, seconds: float, struck: list[tuple[int, str]], console: Console) -> None:
    names = sorted(name for name, one in BY_NAME.items() if one.long_run and one.missing(world) is None)
    end = time.monotonic() + seconds
    order: list[str] = []
    while time.monotonic() < end:
        time.sleep(rng.uniform(*_BETWEEN_S))
        # Each kind once before any comes again.
        order = order or rng.sample(names, len(names))
        name = order.pop()
        struck.append((time.time_ns(), name))
        console.print(f"{(end - time.monotonic()) / 60:6.1f} min left  {name}")
        with BY_NAME[name].strike(world):
            time.sleep(rng.uniform(*_LASTS_S))


def _command(commands: Commands, ended: threading.Event) -> None:
    while not ended.wait(1 / _COMMANDS_PER_S):
        commands.send()


def _look(usage: Usage, world: World, ended: threading.Event) -> None:
    while not ended.wait(2.0):
        usage.look(world.daemon.pid)
