"""The key of a brain: a file of its own, read at each connection, so that a new one counts without a restart."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from visaged.config.credential import BRAIN_KEY, secret_path
from visaged.files import read_bounded

_MAX_BYTES: Final = 4096


class KeyFileFault(Exception):
    """A key that cannot be used: a sentence with the file in it."""


def read_key(file: str, credential: str = BRAIN_KEY) -> str:
    """The key in ``file``, else in systemd's ``credential`` where one is named; else empty. Raises KeyFileFault."""
    path = secret_path(file, credential) if file or credential else None
    return "" if path is None else _read(path)


def _read(path: Path) -> str:
    try:
        content = read_bounded(path, _MAX_BYTES)
        key = content.decode("ascii").strip()
    except OSError as error:
        raise KeyFileFault(f"{path}: the key cannot be read: {error.strerror}") from None
    except ValueError:
        raise KeyFileFault(f"{path}: expected a key of printable ASCII characters") from None
    if not key or len(content) > _MAX_BYTES or not key.isprintable() or " " in key:
        raise KeyFileFault(f"{path}: expected one key of 1 to {_MAX_BYTES} printable characters without spaces")
    return key
