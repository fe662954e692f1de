"""Ten power cuts while settings and capsules are being written.

Two are real: QEMU is killed, and the box has to come up from that disk. For the other eight the machine is stopped for
a moment at a random time and its disk is copied: what the copy holds is what a cut at that moment leaves. A start takes
minutes under emulation; this way each moment of writing is as likely to be hit, at a tenth of the time.
"""

from __future__ import annotations

import json
import random
import shutil
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from image.disk import DATA, offset_of
from tests.image.qemu.conftest import note
from tests.image.qemu.machine import Machine, powered

pytestmark = pytest.mark.slow

_HERE = Path(__file__).parent
_COPIES = 8
_MIB = 1 << 20


def _put(machine: Machine, name: str) -> None:
    machine.run(f"cat >/tmp/{name} <<'END_OF_FILE'\n{(_HERE / name).read_text(encoding='utf-8')}\nEND_OF_FILE")


def _start_writing(machine: Machine) -> None:
    _put(machine, "writer.py")
    python = "runuser -u visaged -- /opt/visaged/bin/python /tmp/writer.py /var/lib/visaged/count"
    machine.run(f"nohup {python} >/tmp/writer.log 2>&1 & sleep 1")
    start = time.monotonic()
    while not machine.run("tail -n 1 /tmp/writer.log", check=False).isdigit():
        assert time.monotonic() - start < 200, machine.run("cat /tmp/writer.log", check=False)
        time.sleep(2)


def _copy_data(machine: Machine, disk: Path, copy: Path) -> None:
    """What the data partition is at this moment."""
    machine.qmp("stop")
    with disk.open("rb") as source, copy.open("wb") as target:
        source.seek(offset_of(DATA))
        while block := source.read(_MIB):
            # A hole where there is nothing: the file system is mostly empty.
            target.seek(len(block), 1) if not any(block) else target.write(block)
        target.truncate()
    machine.qmp("cont")


def _check(machine: Machine, mounted: str) -> dict[str, Any]:
    printed = machine.run(f"/opt/visaged/bin/python /tmp/checker.py {mounted}")
    found: dict[str, Any] = json.loads(printed.rpartition("found ")[2])
    assert found["refused"] == []
    return found


def test_ten_power_cuts_lose_nothing(new_disk: Path, receiver: socket.socket, tmp_path: Path) -> None:
    chance = random.Random()
    seed = chance.randrange(1 << 32)
    print(f"random moments of seed {seed}")
    chance.seed(seed)
    disk = tmp_path / "box.img"
    shutil.copyfile(new_disk, disk)
    copies = [tmp_path / f"cut{number}.img" for number in range(_COPIES)]

    with powered(disk, tmp_path, receiver) as machine:
        machine.first_packet_s()
        identity = machine.run("cat /etc/machine-id")
        _start_writing(machine)
        for copy in copies:
            time.sleep(chance.uniform(0.5, 4))
            _copy_data(machine, disk, copy)
        written = int(machine.run("cat /var/lib/visaged/count"))
        time.sleep(chance.uniform(0.5, 4))
        machine.pull_the_plug()

    drives: list[str] = []
    for copy in copies:
        drives += ["-drive", f"file={copy},format=raw,if=virtio"]
    with powered(disk, tmp_path, receiver, *drives) as machine:
        note("power cut: first packet of the next start, s", round(machine.first_packet_s(), 1))
        _put(machine, "checker.py")
        found = [_check(machine, "/data")]
        assert found[0]["count"] >= written
        for letter in "bcdefghi"[:_COPIES]:
            mend = f"e2fsck -p /dev/vd{letter} >/dev/null; [ $? -lt 4 ]"
            machine.run(f"({mend}) && mkdir -p /run/cut && mount /dev/vd{letter} /run/cut")
            found.append(_check(machine, "/run/cut"))
            machine.run("umount /run/cut")
        _start_writing(machine)
        time.sleep(chance.uniform(0.5, 4))
        machine.pull_the_plug()

    with powered(disk, tmp_path, receiver) as machine:
        machine.first_packet_s()
        _put(machine, "checker.py")
        found.append(_check(machine, "/data"))

    assert len(found) == _COPIES + 2
    assert all(each["identity"] == identity for each in found)
    assert [each["count"] for each in found[1:-1]] == sorted(each["count"] for each in found[1:-1])
    note("power cuts with settings, capsules and identity intact", f"{len(found)} of {len(found)}")
    note("rounds of writing at the cuts", ", ".join(str(each["count"]) for each in found))
