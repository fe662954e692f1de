"""Files overwritten with garbage, while the daemon runs and at its next start."""

from __future__ import annotations

import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.soak.scenarios.scenario import Scenario
from tests.soak.world import World
from visaged.control.local.client import ControlClient

# Every file that the daemon keeps in its state folder, whether it has written it yet or not.
_STATE = (
    "selected-model.json",
    "running",
    "last-end",
    "capsules/index.json",
    "capsules/revoked.json",
    "capsules/packs/local.json",
    "capsules/packs/other.json",
    "capsules/tables/own.toml",
    "capsules/tables/own.json",
)
_BYTES = 4096
# The daemon itself restarts in between: until its first packet.
_RESTART_TICKS = 1200


@contextmanager
def _damaged(folder: Path) -> Iterator[None]:
    """Garbage in all of them; afterwards what was there before."""
    before = {path: path.read_bytes() for name in _STATE if (path := folder / name).is_file()}
    noise = random.Random(17)
    for name in _STATE:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(noise.randbytes(_BYTES))
    try:
        yield
    finally:
        for name in _STATE:
            (folder / name).unlink(missing_ok=True)
        for path, content in before.items():
            path.write_bytes(content)


@contextmanager
def _state_while_running(world: World) -> Iterator[None]:
    with _damaged(world.state.folder):
        _look_at_capsules(world)
        yield
    _look_at_capsules(world)


@contextmanager
def _state_at_a_start(world: World) -> Iterator[None]:
    with _damaged(world.state.folder):
        world.stop_daemon()
        # What it has removed in ending well is there again, and damaged: as after a power cut.
        with _damaged(world.state.folder):
            world.start_daemon()
            yield
    world.restart_daemon()


def _look_at_capsules(world: World) -> None:
    with ControlClient(world.socket) as client:
        client.call("capsule.list", timeout_s=30)


@contextmanager
def _broken_settings(world: World) -> Iterator[None]:
    text = world.config.read_bytes()
    world.config.write_bytes(random.Random(17).randbytes(_BYTES))
    try:
        yield
    finally:
        world.config.write_bytes(text)


@contextmanager
def _settings_while_running(world: World) -> Iterator[None]:
    with _broken_settings(world):
        world.daemon.send_signal(signal.SIGHUP)
        yield
    world.daemon.send_signal(signal.SIGHUP)


@contextmanager
def _settings_at_a_start(world: World) -> Iterator[None]:
    with _broken_settings(world):
        world.restart_daemon()
        yield
    world.restart_daemon()


SCENARIOS = (
    Scenario(
        "state-damaged",
        "every file of the state folder is overwritten with garbage",
        "goes on; installed packs are not used, what ships with the program is",
        "capsule_library",
        "when the files are mended or the packs installed again",
        _state_while_running,
    ),
    Scenario(
        "state-damaged-start",
        "the same, and the daemon starts with it",
        "starts, with what ships with the program and what the settings ask for",
        "selected_model",
        "when a model is selected again, or at a start with the files mended",
        _state_at_a_start,
        gap_ticks=_RESTART_TICKS,
        long_run=False,
    ),
    Scenario(
        "settings-damaged",
        "the settings file is garbage and is read again",
        "goes on with the settings before",
        "config_rejected",
        "at the next reload of a sound file",
        _settings_while_running,
    ),
    Scenario(
        "settings-damaged-start",
        "the settings file is garbage and the daemon starts with it",
        "starts in safe mode, on idle",
        "config_rejected",
        "as above",
        _settings_at_a_start,
        gap_ticks=_RESTART_TICKS,
        long_run=False,
    ),
)
