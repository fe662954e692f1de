"""The machine: identity, realtime priority, clock, disk."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from visaged.config import Settings
from visaged.doctor.finding import Finding, fail, ok, warn
from visaged.realtime import FIFO, go_realtime

# As old as the program: a clock that lost its battery shows years before that.
_MADE: Final = Path(__file__)
_DAY_S: Final = 86_400.0

_DATA: Final = Path("/var/lib/visaged")

# Packs, models and engines come to a few hundred MiB; journald and apt want the rest.
_DISK_WARN_MIB: Final = 1024
_DISK_FAIL_MIB: Final = 64


def check(settings: Settings) -> Iterator[Finding]:
    """Findings about the machine itself."""
    yield _identity(settings)
    yield _realtime(settings.runtime.realtime_priority)
    yield _clock()
    yield _disk()


def _identity(settings: Settings) -> Finding:
    if "id" in settings.device.model_fields_set or Path("/etc/machine-id").exists():
        return ok("identity", f"this box is {settings.device.id}")
    remedy = "Set device.id, or run: systemd-machine-id-setup"
    return warn("identity", f"{settings.device.id} comes from the host name: it changes when that does", remedy)


def _realtime(priority: int) -> Finding:
    if priority == 0:
        return warn("realtime", "runtime.realtime_priority is 0: under load packets come late", "Set it to 10")
    granted: list[int] = []
    # On a thread of its own, so that this one keeps the priority that it has.
    thread = threading.Thread(target=lambda: granted.append(go_realtime(priority)))
    thread.start()
    thread.join()
    if granted == [FIFO]:
        return ok("realtime", f"SCHED_FIFO {priority} is permitted")
    remedy = "Run as the service, which has LimitRTPRIO=; by hand: sudo, or an rtprio line in /etc/security/limits.conf"
    return warn("realtime", f"SCHED_FIFO {priority} is not permitted: under load packets come late", remedy)


def _clock() -> Finding:
    remedy = "Turn on time synchronisation: timedatectl set-ntp true. Scene time of several boxes will not agree"
    if time.time() < _MADE.stat().st_mtime - _DAY_S:
        text = f"says {time.strftime('%Y-%m-%d %H:%M')}, which is before this program was made: TLS will fail"
        return fail("clock", text, "Set it (date --set, hwclock --systohc) and turn on timedatectl set-ntp true")
    try:
        shown = subprocess.run(
            ("timedatectl", "show", "--property=NTPSynchronized", "--value"),
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return warn("clock", "cannot tell whether it is synchronised (no systemd-timedated)", remedy)
    return ok("clock", "is synchronised") if shown == "yes" else warn("clock", "is not synchronised", remedy)


def _disk() -> Finding:
    place = next(path for path in (_DATA, *_DATA.parents) if path.exists())
    free_mib = shutil.disk_usage(place).free >> 20
    text = f"{free_mib} MiB free at {place}"
    remedy = "Make room: journalctl --vacuum-size=100M, apt-get clean, remove unused packs and models"
    if free_mib < _DISK_FAIL_MIB:
        return fail("disk", text, remedy)
    if not os.access(place, os.W_OK) and place == _DATA:
        return warn("disk", f"{place} is not writable for this user", "Run as the service's user or as root")
    return warn("disk", text, remedy) if free_mib < _DISK_WARN_MIB else ok("disk", text)
