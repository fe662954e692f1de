"""A small file system of its own (tmpfs): it can be filled, and made read-only, without harm to anybody else."""

from __future__ import annotations

import errno
import subprocess
from pathlib import Path

_SIZE_MIB = 64


class SmallDisk:
    """A folder, with a file system of its own where this process may mount one (root)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mounted = False
        self._filler = folder / "filler"

    def mount(self) -> None:
        """Make the folder, and mount if that is allowed."""
        self.folder.mkdir()
        command = ("mount", "-t", "tmpfs", "-o", f"size={_SIZE_MIB}m", "tmpfs", str(self.folder))
        self.mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0

    def unmount(self) -> None:
        """What lies on it is lost."""
        if self.mounted:
            subprocess.run(("umount", str(self.folder)), check=True)

    def fill(self) -> None:
        """To the last byte."""
        with self._filler.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(1 << 20))
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise

    def make_room(self) -> None:
        """The end of ``fill``."""
        self._filler.unlink(missing_ok=True)

    def write_protect(self, protected: bool) -> None:
        """Root ignores the bits of permissions: only the file system itself says no."""
        how = "remount,ro" if protected else "remount,rw"
        subprocess.run(("mount", "-o", how, str(self.folder)), check=True)
