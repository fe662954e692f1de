"""What the tests put on a disk before its first start: a shell, patience, and settings.

The slots are those of ``make image``, bit by bit; shell and patience lie over them on the data partition.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final

from image.disk import EFI, offset_of

_SHELL: Final = """\
[Unit]
Description=A root shell for the tests of the image
DefaultDependencies=no
After=systemd-udevd.service
StartLimitIntervalSec=0

[Service]
# Until its port is there it ends, and is started again.
ExecStart=/bin/sh -c 'exec /bin/sh <>/dev/virtio-ports/shell >&0 2>&1'
Restart=always
RestartSec=1
"""
# An emulated processor is some twenty times slower than a box: the unit's times would end it before its first pose.
_PATIENCE: Final = """\
[Service]
TimeoutStartSec=10min
TimeoutStopSec=60
TimeoutAbortSec=60
WatchdogSec=5min
"""
_PROVE_PATIENCE: Final = """\
[Service]
Environment=VISAGED_PROVE_S=400
TimeoutStartSec=15min
"""


_SETTINGS: Final = """\
[livelink]
targets = ["10.0.2.2:{port}"]
[audio.input]
backend = "alsa"
device = "plughw:Loopback,1"
"""


def make_seed(folder: Path) -> Path:
    """Fill ``folder`` with what the data partition shall hold."""
    units = folder / "etc" / "systemd" / "system"
    _write(units / "test-shell.service", _SHELL)
    _write(units / "visaged.service.d" / "patience.conf", _PATIENCE)
    _write(units / "visaged-prove.service.d" / "patience.conf", _PROVE_PATIENCE)
    wants = units / "multi-user.target.wants"
    wants.mkdir()
    (wants / "test-shell.service").symlink_to("../test-shell.service")
    return folder


def put_settings(disk: Path, port: int) -> None:
    """What a technician does with any PC: settings on the EFI partition. The face goes to ``port`` of the host."""
    text = _SETTINGS.format(port=port).replace("\n", "\r\n")
    command = ["mcopy", "-i", f"{disk}@@{offset_of(EFI)}", "-", "::visaged.toml"]
    subprocess.run(command, input=text.encode(), check=True)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
