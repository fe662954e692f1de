"""The same disk in a PC that has an EFI and no BIOS."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

import pytest

from tests.image.qemu.conftest import note
from tests.image.qemu.machine import powered

pytestmark = pytest.mark.slow

_FIRMWARE = Path("/usr/share/ovmf/OVMF.fd")


@pytest.mark.skipif(not _FIRMWARE.exists(), reason="OVMF is not there: ./setup.sh image installs it")
def test_it_starts_by_efi(new_disk: Path, receiver: socket.socket, tmp_path: Path) -> None:
    disk = tmp_path / "box.img"
    shutil.copyfile(new_disk, disk)
    with powered(disk, tmp_path, receiver, "-bios", str(_FIRMWARE)) as machine:
        note("power on to first packet, EFI, s", round(machine.first_packet_s(), 1))
        assert machine.run("test -d /sys/firmware/efi && echo efi") == "efi"
