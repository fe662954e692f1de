"""Why the process before this one ended, kept over the restart in the state directory.

Two files: ``running``, there from the start to a clean end, holds the boot's id and, once the process knows it, the
reason of the end to come; ``last-end``, which the unit's ExecStopPost= writes at an end that systemd sees:
``$SERVICE_RESULT $EXIT_CODE $EXIT_STATUS`` (systemd.exec(5)), as "watchdog dumped ABRT" or "oom-kill killed KILL".
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Final

from visaged.files import write_atomic

log = logging.getLogger(__name__)

# Whatever lies there, what we wrote is short.
_MAX_BYTES: Final = 1024
_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")

_WORDS: Final = {
    "watchdog": "the watchdog was not fed",
    "oom-kill": "the box ran out of memory",
    "signal": "it was killed",
    "core-dump": "it crashed",
    "exit-code": "it failed",
    "timeout": "it did not start or stop in time",
    "resources": "the system had no resources for it",
    "success": "it ended without finishing its work",
}


@dataclass(frozen=True)
class LastEnd:
    """How the process before ended, when that was not as it should be."""

    reason: str
    """``solver: no sign of life for 2.1 s (the watchdog was not fed: ABRT)``."""
    time: datetime | None
    """UTC, by the box's clock; None when nobody was left to see it."""


class EndRecord:
    """One state directory. ``read`` before ``begin``; no error of the disk is an error here."""

    def __init__(self, folder: Path | None, boot_id: Path = _BOOT_ID) -> None:
        """``folder``: None where nothing is kept (not a service)."""
        self._boot_id = _read(boot_id) or "unknown"
        self._running = None if folder is None else folder / "running"
        self._systemd = None if folder is None else folder / "last-end"

    def read(self) -> LastEnd | None:
        """What happened to the process before; None: it ended cleanly, or there was none."""
        if self._running is None or self._systemd is None:
            return None
        running, seen = _read(self._running), _read(self._systemd)
        if running is None:
            return None
        boot_id, _, reason = running.partition(" ")
        if not seen:
            # systemd may fail to run ExecStopPost=, which says nothing of the box.
            cut = boot_id != self._boot_id
            return LastEnd(reason or ("the box lost its power or was reset" if cut else "it was killed"), None)
        result, *status = seen.split()
        detail = ": ".join((_WORDS.get(result, result), *status[-1:]))
        return LastEnd(f"{reason} ({detail})" if reason else detail, _time(self._systemd))

    def begin(self) -> None:
        """From here on an end without ``end`` is one that must be explained."""
        self._write("")
        self._remove(self._systemd)

    def explain(self, reason: str) -> None:
        """The process is about to be killed: this is why."""
        self._write(reason)

    def end(self) -> None:
        """A clean end."""
        self._remove(self._running)

    def _write(self, reason: str) -> None:
        if self._running is None:
            return
        try:
            write_atomic(self._running, f"{self._boot_id} {reason}".encode()[:_MAX_BYTES])
        except OSError as error:
            # A full disk must not keep a face from moving, nor a wedged one from being restarted.
            log.warning("%s cannot be written: %s", self._running, error.strerror)

    def _remove(self, path: Path | None) -> None:
        if path is None:
            return
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            log.warning("%s cannot be removed: %s", path, error.strerror)


def state_folder(environment: Mapping[str, str] = os.environ) -> Path | None:
    """systemd's state directory (the first, if there are several); None when this is no service."""
    first = environment.get("STATE_DIRECTORY", "").partition(":")[0]
    return Path(first) if first else None


def _read(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return " ".join(file.read(_MAX_BYTES).decode(errors="replace").split())
    except OSError:
        return None


def _time(path: Path) -> datetime | None:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, timezone.utc)
    except (OSError, OverflowError, ValueError):
        return None
