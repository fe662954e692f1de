"""Files that survive a power cut: written beside, synced, then renamed over the old one; hashes; free disk."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
import tempfile
from pathlib import Path
from typing import Final

# Hash in pieces that fit a cache rather than reading hundreds of MB at once.
_CHUNK_BYTES: Final = 1 << 20


def write_atomic(path: Path, data: bytes, new_mode: int = 0o644) -> None:
    """Replace ``path`` by ``data``: after a power cut it holds the old bytes or the new ones, never a part.

    A file that exists keeps its mode, a new one gets ``new_mode``. Raises OSError; nothing is left behind then.
    """
    mode = path.stat().st_mode & 0o777 if path.exists() else new_mode
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def read_bounded(path: Path, at_most: int) -> bytes:
    """The content of a regular file, at most ``at_most`` + 1 bytes of it: longer than ``at_most`` means too long.

    Raises OSError, also for what is no file: a pipe would be waited for, and a device has no end.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        kind = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(kind):
            what = "directory" if stat.S_ISDIR(kind) else "pipe or device"
            raise OSError(errno.EINVAL, f"it is a {what}, not a file")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(at_most + 1)
    finally:
        os.close(descriptor)


def sync_directory(path: Path) -> None:
    """Make renames and removals in ``path`` durable. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def shortage(folder: Path, needed: int, reserve: int) -> str | None:
    """Why ``needed`` bytes must not be written into ``folder``, for an error; None: ``reserve`` bytes are left then.

    Raises OSError.
    """
    free = shutil.disk_usage(folder).free
    if needed + reserve <= free:
        return None
    return f"it needs {needed >> 20} MiB and {reserve >> 20} MiB to spare; {free >> 20} MiB are free on the disk"


def sha256_of(path: Path) -> str:
    """The SHA-256 of the content, 64 hex digits. Raises OSError."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
