"""The service, where it is installed: does it run, at every boot, watched, with files that it can use?"""

from __future__ import annotations

import pwd
import stat
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from visaged.doctor.finding import Finding, fail, ok, warn
from visaged.instance import unit_name
from visaged.system.folders import trouble

_USER: Final = "visaged"
_PROPERTIES: Final = (
    *("LoadState", "ActiveState", "UnitFileState", "NRestarts", "Result", "WatchdogUSec", "StatusText"),
    *("NeedDaemonReload", "LimitRTPRIO"),
)
_LOOK: Final = "Look at: journalctl -u visaged"

Show = Callable[[], Mapping[str, str] | None]


def show_unit() -> Mapping[str, str] | None:
    """The unit's properties; None where there is no systemd to ask."""
    command = ("systemctl", "show", unit_name(), "--property", ",".join(_PROPERTIES))
    try:
        shown = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    return dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)


def check(show: Show = show_unit, root: Path = Path("/")) -> Iterator[Finding]:
    """Findings; none where the service is not installed. ``root``: where the box's files are, for tests."""
    unit = show()
    if unit is None or unit.get("LoadState") != "loaded":
        return
    yield _running(unit)
    yield _watched(unit)
    yield from _files(root)


def _running(unit: Mapping[str, str]) -> Finding:
    state, restarts = unit.get("ActiveState", ""), unit.get("NRestarts", "0")
    if state == "failed":
        return fail("service", f"has failed ({unit.get('Result')}) and is tried again every 30 s", _LOOK)
    if state not in ("active", "reloading"):
        return warn("service", f"is {state}", "Start it: systemctl start visaged")
    if unit.get("NeedDaemonReload") == "yes":
        return warn("service", "runs with unit files that have changed", "systemctl daemon-reload, then restart it")
    if unit.get("UnitFileState") not in ("enabled", "enabled-runtime", "static"):
        return warn("service", "is active, but does not start at boot", "systemctl enable visaged")
    text = f"is active: {unit.get('StatusText') or 'no status yet'}"
    if restarts != "0":
        return warn("service", f"{text}; systemd has restarted it {restarts} times since it was started", _LOOK)
    return ok("service", text)


def _watched(unit: Mapping[str, str]) -> Finding:
    if unit.get("WatchdogUSec") in ("0", "infinity", "", None):
        return warn("watchdog", "is off: a daemon that hangs stays hanging", "Take out WatchdogSec= of a drop-in")
    if unit.get("LimitRTPRIO") in ("0", "", None):
        return warn("watchdog", "the unit grants no realtime priority", "Take out LimitRTPRIO= of a drop-in")
    return ok("watchdog", f"systemd waits {unit['WatchdogUSec']} for it")


def _files(root: Path) -> Iterator[Finding]:
    try:
        user = pwd.getpwnam(_USER)
    except KeyError:
        remedy = "systemd-sysusers makes it, or install the service anew: make install"
        yield fail("service files", f"there is no user {_USER}", remedy)
        return
    settings, keys = root / "etc/visaged", root / "etc/visaged/keys"
    for folder in (settings, root / "var/lib/visaged"):
        owner = _owner(folder)
        if owner is not None and owner != user.pw_uid:
            remedy = f"chown {_USER}:{_USER} /{folder.relative_to(root)}"
            yield fail("service files", f"/{folder.relative_to(root)} is not the service's: it cannot write it", remedy)
            return
        found = trouble(folder)
        if found is not None:
            remedy = f"{found.remedy[:1].upper()}{found.remedy[1:]}"
            yield fail("service files", f"/{folder.relative_to(root)} {found.words}", remedy)
            return
    if _owner(keys) == user.pw_uid or _is_open(keys):
        remedy = "chown root:root /etc/visaged/keys; chmod 755 /etc/visaged/keys"
        yield fail(
            "service files", "/etc/visaged/keys is not root's alone: packs of anybody could be installed", remedy
        )
        return
    yield ok("service files", "settings and state are the service's, the keys are root's")


def _owner(path: Path) -> int | None:
    try:
        return path.stat().st_uid
    except OSError:
        return None


def _is_open(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH))
    except OSError:
        return False
