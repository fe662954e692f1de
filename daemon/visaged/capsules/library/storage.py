"""The library's disk: one writer at a time, and everything pending written out in one call."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

_libc = ctypes.CDLL(None, use_errno=True)


def sync_file_system(path: Path) -> None:
    """Write out all that is pending on the file system of ``path``: one call instead of thousands of fsyncs."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if _libc.syncfs(descriptor) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(path))
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def only_writer(root: Path) -> Iterator[None]:
    """Hold the write lock of ``root`` (a file lock: it ends with the process, and other processes wait)."""
    with (root / ".lock").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
