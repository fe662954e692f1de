"""What the tests put on a disk before its first start: a shell, patience, and settings.

The slots are those of ``make image``, bit by bit; shell and patience lie over them on the data partition.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final

from image.disk import EFI, offset_of

_HERE: Final = Path(__file__).parent
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

# What the cut before has left is looked at before anything is written anew.
_WRITER: Final = """\
[Unit]
Description=Writes settings and capsules without a pause
After=visaged.service

[Service]
TimeoutStartSec=15min
ExecStartPre=+/bin/sh -c '/opt/visaged/bin/python /etc/test/checker.py /data >/run/test-found'
ExecStart=/opt/visaged/bin/python /etc/test/writer.py /var/lib/visaged/count
StandardOutput=truncate:/run/test-rounds
User=visaged
"""
_PROVISION_PATIENCE: Final = """\
[Service]
TimeoutStartSec=10min
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
    _write(units / "visaged-provision.service.d" / "patience.conf", _PROVISION_PATIENCE)
    _want(units, "test-shell.service")
    return folder


def make_writer(folder: Path) -> Path:
    """Add to a seed what writes from the first start on, and looks at what a cut has left."""
    units = folder / "etc" / "systemd" / "system"
    _write(units / "test-writer.service", _WRITER)
    _want(units, "test-writer.service")
    for name in ("writer.py", "checker.py"):
        _write(folder / "etc" / "test" / name, (_HERE / name).read_text(encoding="utf-8"))
    return folder


def put_settings(disk: Path, port: int, more: str = "") -> None:
    """What a technician does with any PC: settings on the EFI partition. The face goes to ``port`` of the host."""
    text = (_SETTINGS.format(port=port) + more).replace("\n", "\r\n")
    command = ["mcopy", "-i", f"{disk}@@{offset_of(EFI)}", "-", "::visaged.toml"]
    subprocess.run(command, input=text.encode(), check=True)


def _want(units: Path, name: str) -> None:
    wants = units / "multi-user.target.wants"
    wants.mkdir(exist_ok=True)
    (wants / name).symlink_to(f"../{name}")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
