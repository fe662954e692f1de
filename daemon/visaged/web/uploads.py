"""The one folder that sounds are received into, and answers written: bounded, private, empty at the start."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import anyio

from visaged.files import shortage
from visaged.web.errors import HttpRefusal

MAX_SOUND_BYTES: Final = 64 << 20
MAX_FOLDER_BYTES: Final = 512 << 20
MAX_AT_ONCE: Final = 8
"""Uploads that are under way."""
SILENT_S: Final = 15.0
"""A body that pauses for longer is given up on."""
WHOLE_S: Final = 120.0
"""The whole body has to be there by then: 64 MiB at 4.5 Mbit/s."""
_DISK_RESERVE: Final = 64 << 20
_HEAD_BYTES: Final = 1 << 16


class HasBody(Protocol):
    """A request: its headers and its body in pieces."""

    @property
    def headers(self) -> object: ...

    def stream(self) -> AsyncIterator[bytes]: ...


@dataclass(frozen=True)
class Upload:
    """A sound that was received. Whoever asked for it removes it."""

    path: Path
    size: int
    sha256: str
    head: bytes
    """Its first bytes, at most 64 KiB."""
    content_type: str

    def remove(self) -> None:
        """It is no longer needed."""
        self.path.unlink(missing_ok=True)


class Uploads:
    """The folder, made at the first use."""

    def __init__(self, parent: Path) -> None:
        self._parent = parent
        self._folder: Path | None = None
        self._under_way = 0
        self._bytes_under_way = 0

    @property
    def folder(self) -> Path:
        """Where it is. Raises OSError."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="visaged-web-", dir=self._parent))
        return self._folder

    def new_path(self, suffix: str = "") -> Path:
        """A name that is free, of a file for this process's user alone. Raises OSError."""
        descriptor, name = tempfile.mkstemp(suffix=suffix, dir=self.folder)
        os.close(descriptor)
        return Path(name)

    def used_bytes(self) -> int:
        """How much lies there."""
        if self._folder is None:
            return 0
        total = 0
        for entry in os.scandir(self._folder):
            with contextlib.suppress(OSError):
                total += entry.stat().st_size
        return total

    async def receive(self, request: HasBody) -> Upload:
        """Take the body of a request. Raises HttpRefusal: too large, too slow, empty, no room."""
        declared = _length(request)
        if declared is not None and declared > MAX_SOUND_BYTES:
            raise too_large(declared)
        if self._under_way >= MAX_AT_ONCE:
            raise HttpRefusal("busy", f"{MAX_AT_ONCE} sounds are being received; send again in a second")
        self._under_way += 1
        try:
            return await self._receive(request)
        except OSError as error:
            raise HttpRefusal("failed", f"the sound cannot be stored on this box: {error.strerror}") from None
        finally:
            self._under_way -= 1

    async def _receive(self, request: HasBody) -> Upload:
        used = self.used_bytes()
        room = MAX_FOLDER_BYTES - used - self._under_way * MAX_SOUND_BYTES
        short = shortage(self.folder, MAX_SOUND_BYTES, _DISK_RESERVE)
        if room < 0 or short:
            raise HttpRefusal("busy", short or f"{used >> 20} MiB of sounds wait here; send again later")
        path, digest, head, size = self.new_path(), hashlib.sha256(), b"", 0
        began_s = time.monotonic()
        pieces = aiter(request.stream())
        try:
            with path.open("wb") as file:
                while True:
                    with anyio.fail_after(SILENT_S):
                        piece = await anext(pieces, None)
                    if piece is None:
                        break
                    size += len(piece)
                    if size > MAX_SOUND_BYTES:
                        raise too_large(None)
                    if time.monotonic() - began_s > WHOLE_S:
                        raise TimeoutError
                    digest.update(piece)
                    head = head if len(head) >= _HEAD_BYTES else (head + piece)[:_HEAD_BYTES]
                    file.write(piece)
            if not size:
                raise HttpRefusal("malformed", "the body is empty; send the bytes of a sound file", "body")
        except TimeoutError:
            path.unlink(missing_ok=True)
            raise HttpRefusal("expired", f"the body did not arrive within {WHOLE_S:g} s", "body") from None
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return Upload(path, size, digest.hexdigest(), head, header(request, "content-type").partition(";")[0].strip())

    def close(self) -> None:
        """Remove everything."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None


def header(request: HasBody, name: str) -> str:
    """A header's value; empty where it is not there."""
    value = getattr(request.headers, "get", lambda _name, _other: "")(name, "")
    return str(value)


def too_large(size: int | None) -> HttpRefusal:
    """What a body over the limit is answered with."""
    said = "" if size is None else f" is {size} bytes and"
    return HttpRefusal("too_large", f"the sound{said} may have {MAX_SOUND_BYTES >> 20} MiB", "body")


def _length(request: HasBody) -> int | None:
    text = header(request, "content-length")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None
