"""ZIP files from outside: the directory is bounded before it is read, the entries before they are unpacked.

``zipfile`` reads the whole directory as soon as it opens a file: 44 MiB of a million empty entries become 370 MiB of
objects, and nothing else runs meanwhile. The end record says beforehand how large it is.
"""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from dataclasses import dataclass
from typing import BinaryIO, Final

from visaged.printable import NAME, printable

# What zipfile raises on rubbish: its own error, and what a flipped byte makes of its fields. RuntimeError covers
# NotImplementedError: a version or a method that this Python does not know.
_ERRORS: Final = (zipfile.BadZipFile, zlib.error, EOFError, OverflowError, RuntimeError, ValueError, struct.error)
_END: Final = struct.Struct("<4s4H2LH")
_LOCATOR: Final = struct.Struct("<4sLQL")
_END_64: Final = struct.Struct("<4sQ2H2L4Q")
_MAX_COMMENT_BYTES: Final = (1 << 16) - 1
# A directory record takes 46 bytes, the name, and what packers add: times and owners.
_RECORD_BYTES: Final = 256
_CHUNK_BYTES: Final = 1 << 20


class ZipError(ValueError):
    """A file that is no ZIP, or beyond the bounds. ``entry``: the file in it, printable; "" when all of it is meant."""

    def __init__(self, entry: str, problem: str) -> None:
        super().__init__(f"{entry}: {problem}" if entry else problem)
        self.entry = entry
        self.problem = problem


@dataclass(frozen=True)
class ZipBounds:
    """What is accepted."""

    entries: int
    entry_bytes: int
    """Unpacked, of one entry."""
    total_bytes: int
    """Unpacked, of all."""
    ratio: int | None = None
    """How many times its packed size an entry may grow."""


class BoundedZip:
    """An open ZIP of plain files within bounds, no name twice, stored or deflated; read entry by entry."""

    def __init__(self, file: BinaryIO, bounds: ZipBounds) -> None:
        """``file`` stays the caller's. Raises ZipError, OSError."""
        self._zip = open_zip(file, bounds.entries)
        self.sizes: dict[str, int] = {}
        """Unpacked size by name, bytes: as the directory claims."""
        total = 0
        for info in self._zip.infolist():
            _check_entry(info, self.sizes, bounds)
            self.sizes[info.filename] = info.file_size
            total += info.file_size
            if total > bounds.total_bytes:
                raise ZipError("", f"unpacks to over {bounds.total_bytes} bytes; no more are accepted")

    def read(self, name: str, limit: int) -> bytes:
        """The content of ``name``, at most ``limit`` bytes. Raises ZipError (also without such a name), OSError."""
        content = io.BytesIO()
        if name not in self.sizes:
            raise ZipError(shown(name), "is missing in the zip")
        if self.sizes[name] > limit:
            raise ZipError(shown(name), f"is {self.sizes[name]} bytes; at most {limit} are accepted")
        self.copy(name, content)
        return content.getvalue()

    def copy(self, name: str, target: BinaryIO) -> None:
        """Unpack ``name``, one of ``sizes``, into ``target``: never more than the directory claims.

        Raises ZipError, OSError.
        """
        left = self.sizes[name]
        try:
            with self._zip.open(name) as source:
                while chunk := source.read(min(_CHUNK_BYTES, left + 1)):
                    left -= len(chunk)
                    if left < 0:
                        break
                    target.write(chunk)
        except _ERRORS as error:
            raise ZipError(shown(name), f"cannot be unpacked: {error}") from None
        if left:
            raise ZipError(shown(name), "is not of the size that the zip says")


def open_zip(file: BinaryIO, entries: int) -> zipfile.ZipFile:
    """A ZIP of at most so many ``entries``, of which nothing else is known. Raises ZipError, OSError."""
    _check_end(file, entries)
    try:
        return zipfile.ZipFile(file)
    except _ERRORS as error:
        raise ZipError("", f"is not a sound zip: {error}") from None


def shown(name: str) -> str:
    """The name of an entry as an error may show it."""
    return printable(name, NAME)


def _check_end(file: BinaryIO, entries: int) -> None:
    """Look at the end record as zipfile does, without what zipfile does then."""
    size = file.seek(0, io.SEEK_END)
    start = max(size - _MAX_COMMENT_BYTES - _END.size - _LOCATOR.size - _END_64.size, 0)
    file.seek(start)
    tail = file.read()
    position = tail.rfind(b"PK\5\6")
    if position < 0 or len(tail) - position < _END.size:
        raise ZipError("", "is not a zip")
    _, _, _, _, count, length, _, _ = _END.unpack_from(tail, position)
    locator = position - _LOCATOR.size
    if locator >= 0 and tail.startswith(b"PK\6\7", locator):
        # Some Pythons look where the locator says, others right before it: it must be one place.
        at = locator - _END_64.size
        if _LOCATOR.unpack_from(tail, locator)[2] != start + at or at < 0 or not tail.startswith(b"PK\6\6", at):
            raise ZipError("", "is not a sound zip: the long end record is not where it should be")
        count, length = _END_64.unpack_from(tail, at)[7:9]
    if count > entries:
        raise ZipError("", f"holds {count} files; at most {entries} are accepted")
    if length > entries * _RECORD_BYTES:
        raise ZipError("", f"has a directory of {length} bytes; at most {entries * _RECORD_BYTES} are accepted")


def _check_entry(info: zipfile.ZipInfo, others: dict[str, int], bounds: ZipBounds) -> None:
    name = shown(info.filename)
    if info.filename in others:
        raise ZipError(name, "stands in the zip twice")
    if len(others) == bounds.entries:
        raise ZipError("", f"holds more than {bounds.entries} files")
    if not info.filename:
        raise ZipError("", "holds a file without a name")
    # Not is_dir(): some Pythons look for the last letter of the name first.
    if info.filename.endswith("/") or stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
        raise ZipError(name, "is not a plain file (a folder, a link or a device)")
    if info.flag_bits & 1 or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ZipError(name, "is encrypted or packed in a way other than stored or deflated")
    if info.file_size > bounds.entry_bytes:
        raise ZipError(name, f"is {info.file_size} bytes; at most {bounds.entry_bytes} are accepted")
    if bounds.ratio is not None and info.file_size > bounds.ratio * max(info.compress_size, 1024):
        raise ZipError(name, f"grows more than {bounds.ratio}-fold when it is unpacked")
