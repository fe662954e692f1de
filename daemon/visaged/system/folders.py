"""Whether a folder that the daemon writes to can be written, told without writing to it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, NamedTuple

# A settings file and a few records: what is less is full.
_LEAST_BYTES: Final = 4 << 20


class FolderTrouble(NamedTuple):
    """Why nothing can be written into a folder."""

    words: str
    """After the folder's name."""
    remedy: str


def trouble(folder: Path) -> FolderTrouble | None:
    """What stands in the way of a new file in ``folder``; None: nothing. Costs about 20 us."""
    try:
        disk = os.statvfs(folder)
    except OSError as error:
        return FolderTrouble(f"cannot be used: {error.strerror}", f"make it: install -d {folder}")
    if disk.f_flag & os.ST_RDONLY:
        remedy = (
            f"look at the kernel's log (journalctl -k), then: mount -o remount,rw $(findmnt -no TARGET -T {folder})"
        )
        return FolderTrouble("lies on a disk that is read-only", remedy)
    if not os.access(folder, os.W_OK | os.X_OK):
        return FolderTrouble(f"may not be written by user {os.geteuid()}", f"chown it: chown visaged:visaged {folder}")
    room = "make room: journalctl --vacuum-size=100M; apt-get clean"
    left = disk.f_bavail * disk.f_frsize
    if left < _LEAST_BYTES:
        return FolderTrouble(f"lies on a full disk: {left >> 10} KiB are left", room)
    if disk.f_files and not disk.f_favail:
        return FolderTrouble("lies on a disk that is full: no file can be added (no inodes left)", room)
    return None
