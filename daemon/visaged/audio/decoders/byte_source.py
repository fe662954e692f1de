"""Bytes in a row, of a file or of a pipe: read, looked at, put back, skipped."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import BinaryIO, Final

_SKIP_BYTES: Final = 1 << 16


class ByteSource:
    """Counts what is read. ``read`` gives fewer bytes than asked for at the end only."""

    def __init__(
        self,
        read: Callable[[int], bytes],
        size: int | None = None,
        seek: Callable[[int], object] | None = None,
        *,
        abandon: Callable[[], object] = lambda: None,
    ) -> None:
        """``read(n)``: up to n bytes, b"" at the end. ``size``: of all, where known; ``seek`` goes to a byte.

        ``abandon`` is called when nobody wants to read on: a ``read`` that waits on another thread returns soon.
        """
        self._read, self._size, self._seek = read, size, seek
        self.abandon = abandon
        self._ahead = b""
        self.at = 0
        """Number of the next byte, from 0."""

    @property
    def left(self) -> int | None:
        """How many bytes follow; None: nobody knows."""
        return None if self._size is None else max(self._size - self.at, 0)

    def read(self, count: int) -> bytes:
        """The next ``count`` bytes, fewer at the end."""
        parts, missing = [self._ahead[:count]], count - len(self._ahead[:count])
        self._ahead = self._ahead[count:]
        while missing > 0 and (part := self._read(missing)):
            parts.append(part)
            missing -= len(part)
        data = b"".join(parts)
        self.at += len(data)
        return data

    def read_some(self, count: int) -> bytes:
        """What is there of the next ``count`` bytes; waits for one only. b"" at the end."""
        data = self._ahead[:count] or self._read(count)
        self._ahead = self._ahead[count:]
        self.at += len(data)
        return data

    def unread(self, data: bytes) -> None:
        """Put the last bytes back."""
        self._ahead = data + self._ahead
        self.at -= len(data)

    def peek(self, count: int) -> bytes:
        """The next bytes, left where they are."""
        data = self.read(count)
        self.unread(data)
        return data

    def skip(self, count: int) -> int:
        """Go over ``count`` bytes; returns how many there were."""
        start = self.at
        if self._seek is not None and self.left is not None:
            self.at += min(count, self.left)
            self._ahead = b""
            self._seek(self.at)
            return self.at - start
        while self.at - start < count and self.read(min(_SKIP_BYTES, count - (self.at - start))):
            pass
        return self.at - start


def of_file(file: BinaryIO) -> ByteSource:
    """From the beginning of a file that can be sought in. Raises OSError."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    return ByteSource(file.read, size, file.seek)
