"""The key that both ends of the UDP link share: a file, the same on both sides."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from visaged.files import read_bounded

MIN_BYTES: Final = 16
MAX_BYTES: Final = 1024
_ADVICE: Final = "openssl rand -hex 32 makes one"


class LinkKeyError(Exception):
    """A key that cannot be used: a sentence with the file in it."""


def read_key(path: Path) -> bytes:
    """The bytes of the file, without a line's end behind them. Raises LinkKeyError."""
    try:
        content = read_bounded(path, MAX_BYTES)
    except OSError as error:
        raise LinkKeyError(f"{path}: the key cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise LinkKeyError(f"{str(path)!a} cannot be the name of a file: {error}") from None
    key = content.rstrip(b"\r\n")
    if len(content) > MAX_BYTES or len(key) < MIN_BYTES:
        raise LinkKeyError(f"{path}: expected a key of {MIN_BYTES} to {MAX_BYTES} bytes; {_ADVICE}")
    return key
