"""What the tests put on the data partition before the first start: settings, a shell, and patience.

The slots are those of ``make image``, bit by bit; this lies over them as a technician's settings would.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

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


def make_seed(folder: Path, port: int) -> Path:
    """Fill ``folder``; the face goes to ``port`` of the host."""
    units = folder / "etc" / "systemd" / "system"
    _write(units / "test-shell.service", _SHELL)
    _write(units / "visaged.service.d" / "patience.conf", _PATIENCE)
    _write(units / "visaged-prove.service.d" / "patience.conf", _PROVE_PATIENCE)
    wants = units / "multi-user.target.wants"
    wants.mkdir()
    (wants / "test-shell.service").symlink_to("../test-shell.service")
    settings = (
        f'[livelink]\ntargets = ["10.0.2.2:{port}"]\n[audio.input]\nbackend = "alsa"\ndevice = "plughw:Loopback,1"\n'
    )
    _write(folder / "etc" / "visaged" / "visaged.toml", settings)
    return folder


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
