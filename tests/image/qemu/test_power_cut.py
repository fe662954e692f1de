"""Ten power cuts at random moments while settings and capsules are being written, each followed by a start.

QEMU is killed: what the guest had not handed to its disk is gone. The first and the sixth cut hit a start (the first
one the very first, in which identity and data partition are made), the others a box that shows a face and writes.
"""

from __future__ import annotations

import json
import random
import socket
import time
from pathlib import Path
from typing import Any, Final

import pytest

from image.disk import make_disk
from tests.image.qemu.conftest import note
from tests.image.qemu.machine import BOOT_S, GuestFailed, Machine, powered
from tests.image.qemu.seed import make_seed, make_writer, put_settings

pytestmark = pytest.mark.slow

_CUTS: Final = 10
_WHILE_STARTING: Final = (0, 5)
# Seconds after power-on: the emulated boot loader takes some ten, a face a hundred.
_START_S: Final = (15.0, 100.0)


@pytest.fixture
def disk(slot: Path, receiver: socket.socket, tmp_path: Path) -> Path:
    """A new disk on which something writes from its first start on."""
    disk = tmp_path / "box.img"
    make_disk(slot, disk, make_writer(make_seed(tmp_path / "seed")))
    put_settings(disk, receiver.getsockname()[1], '[face]\nsolver = "energy"\n')
    return disk


def _answer(machine: Machine, command: str) -> str:
    """What ``command`` prints once it prints anything."""
    start = time.monotonic()
    while not (printed := machine.run(command, check=False)):
        if time.monotonic() - start > BOOT_S:
            raise GuestFailed(machine.run("journalctl -b -u test-writer --no-pager", check=False))
        time.sleep(1)
    return printed


def _found(machine: Machine) -> dict[str, Any]:
    """What the cut before has left, as ``checker.py`` found it at the start before writing went on."""
    printed = _answer(machine, "grep ^found /run/test-found 2>/dev/null")
    found: dict[str, Any] = json.loads(printed.rpartition("found ")[2])
    assert found["refused"] == []
    return found


def test_ten_power_cuts_lose_nothing(disk: Path, receiver: socket.socket, tmp_path: Path) -> None:
    seed = random.randrange(1 << 32)
    print(f"random moments of seed {seed}")
    chance = random.Random(seed)
    identities: set[str] = set()
    rounds: list[int] = []
    starts_s: list[float] = []
    durable = 0
    for cut in range(_CUTS + 1):
        with powered(disk, tmp_path, receiver) as machine:
            if cut in _WHILE_STARTING:
                time.sleep(chance.uniform(*_START_S))
                machine.pull_the_plug()
                continue
            starts_s.append(machine.first_packet_s())
            found = _found(machine)
            assert found["count"] >= durable, f"cut {cut}: a round that was on the disk is gone"
            identities.add(found["identity"])
            rounds.append(found["count"])
            print(f"start {cut}: first packet after {starts_s[-1]:.0f} s, round {found['count']}", flush=True)
            if cut < _CUTS:
                _answer(machine, "cat /run/test-rounds")
                time.sleep(chance.uniform(0, 10))
                durable = int(_answer(machine, "tail -n 1 /run/test-rounds"))
                time.sleep(chance.uniform(0, 2))
                machine.pull_the_plug()
    assert len(identities) == 1
    assert rounds == sorted(rounds)
    note("power cuts with settings, capsules and identity intact", f"{_CUTS} of {_CUTS}")
    note("rounds of writing found after the cuts", ", ".join(map(str, rounds)))
    note("power on to first packet after a cut, s", f"{min(starts_s):.0f}-{max(starts_s):.0f}")
