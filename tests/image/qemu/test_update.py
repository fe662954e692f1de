"""Updates in two slots: a forged one, a good one while a guest talks, and one whose daemon never starts."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.image.qemu.conftest import BUILD, note
from tests.image.qemu.machine import BOOT_S, GuestFailed, Machine, powered
from tests.image.qemu.slots import make_bundle, make_forged_bundle

pytestmark = pytest.mark.slow

_HEARD = """/opt/visaged/bin/python -E -s -c '
import sys; sys.path.insert(0, "/usr/lib/visaged-image")
from face import silent_s
print("silent", silent_s() if silent_s() is not None else 999)'"""
_PLAY = "while :; do aplay -q -D plughw:Loopback,0 /tmp/speech.wav || sleep 1; done"


@pytest.fixture(scope="module")
def machine(
    slot: Path, new_disk: Path, receiver: socket.socket, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Machine]:
    """A box with a second disk on which the updates lie."""
    folder = tmp_path_factory.mktemp("update")
    stick = folder / "stick"
    stick.mkdir()
    make_bundle(slot, "next", BUILD / "keys", stick / "next.raucb")
    make_bundle(slot, "broken", BUILD / "keys", stick / "broken.raucb", broken=True)
    make_forged_bundle(folder / "keys", stick / "forged.raucb")
    for rest in (*stick.glob("*.img"), *stick.glob("*.squashfs")):
        rest.unlink()
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", str(stick), str(folder / "stick.img"), "1G"], check=True)
    shutil.rmtree(stick)
    shutil.copyfile(new_disk, folder / "box.img")
    extra = ("-drive", f"file={folder / 'stick.img'},format=raw,if=virtio,readonly=on")
    with powered(folder / "box.img", folder, receiver, *extra) as machine:
        machine.run("mkdir -p /run/stick")
        yield machine


def _wait_until_good(machine: Machine, slot: str) -> None:
    start = time.monotonic()
    while f"{slot}_TRY=0" not in machine.run("cat /grub/grubenv"):
        if time.monotonic() - start > BOOT_S:
            raise GuestFailed(machine.run("journalctl -b -u visaged-prove --no-pager", check=False))
        time.sleep(3)


def _slot(machine: Machine) -> str:
    return machine.run("grep -o 'rauc.slot=.' /proc/cmdline")[-1]


def test_a_forged_update_is_refused(machine: Machine) -> None:
    machine.first_packet_s()
    _wait_until_good(machine, "A")
    machine.run("mount -o ro /dev/vdb /run/stick")
    before = machine.run("cat /grub/grubenv")
    refused = machine.run("visaged-update --quiet-s 0 /run/stick/forged.raucb", check=False)
    assert "refused" in refused and "signature" in refused.lower()
    assert machine.run("cat /grub/grubenv") == before


def test_an_update_waits_while_a_guest_talks(machine: Machine) -> None:
    machine.run("modprobe snd-aloop; echo kept >/var/lib/visaged/kept")
    machine.run(
        "/opt/visaged/bin/python -c 'import soundfile, glob; "
        'data, rate = soundfile.read(glob.glob("/opt/visaged/lib/*/site-packages/visaged/samples/speech.ogg")[0]); '
        'soundfile.write("/tmp/speech.wav", data, rate)\''
    )
    machine.run(f"systemd-run --unit=guest sh -c '{_PLAY}'")
    start = time.monotonic()
    while "silent" not in (heard := machine.run(_HEARD, check=False)) or float(heard.split()[-1]) > 5:
        assert time.monotonic() - start < BOOT_S, heard
        time.sleep(2)
    # An emulated processor now and then keeps the player from playing for a quarter of a minute.
    machine.run("systemd-run --unit=update visaged-update --quiet-s 60 /run/stick/next.raucb")
    start = time.monotonic()
    while "a guest talks" not in (told := machine.run("journalctl -b -u update --no-pager")):
        assert time.monotonic() - start < BOOT_S, told
        time.sleep(2)
    time.sleep(20)
    assert "next.raucb" not in machine.run("journalctl -b -u rauc --no-pager"), "it installs while a guest talks"
    machine.run("systemctl stop guest")
    start = time.monotonic()
    while not machine.happened("RESET"):
        if time.monotonic() - start > 2 * BOOT_S:
            raise GuestFailed(machine.run("journalctl -b -u update -u rauc --no-pager | tail -n 30", check=False))
        time.sleep(2)
    note("update: silence to restart into the new slot, s", round(time.monotonic() - start, 1))


def test_the_new_slot_becomes_good_and_keeps_what_is_the_box_s(machine: Machine) -> None:
    machine.restarted()
    note("update: restart to first packet of the new slot, s", round(machine.first_packet_s(), 1))
    assert _slot(machine) == "B"
    assert machine.run("cat /usr/lib/visaged-image/version") == "next"
    _wait_until_good(machine, "B")
    assert machine.run("cat /var/lib/visaged/kept") == "kept"


def test_a_version_that_does_not_move_the_face_is_rolled_back(machine: Machine) -> None:
    machine.run("mkdir -p /run/stick; mount -o ro /dev/vdb /run/stick")
    machine.run(
        "printf '[Service]\\nEnvironment=VISAGED_PROVE_S=15\\n' "
        ">/etc/systemd/system/visaged-prove.service.d/zz.conf; sync"
    )
    machine.run("visaged-update --no-reboot --quiet-s 0 /run/stick/broken.raucb", timeout_s=3 * BOOT_S)
    events = len(machine.events)
    machine.run("systemctl --no-block reboot")
    start = time.monotonic()
    # One start of the broken version, and one of the version before.
    while sum(event["event"] == "RESET" for event in machine.events[events:]) < 2:
        assert time.monotonic() - start < 2 * BOOT_S, machine.serial()[-2000:]
        machine.qmp("query-status")
        time.sleep(2)
    machine.restarted()
    machine.first_packet_s()
    note("update: start of a broken version to the face back, s", round(time.monotonic() - start, 1))
    assert _slot(machine) == "B"
    assert "A_OK=0" in machine.run("cat /grub/grubenv")
    assert machine.run("cat /var/lib/visaged/kept") == "kept"
