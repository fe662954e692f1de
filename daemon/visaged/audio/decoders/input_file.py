"""A path as somebody types it -> a file that can be sought in: of a pipe, all that comes out of it."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path
from typing import BinaryIO, Final

from visaged.audio.errors import FileUnusable

STDIN: Final = "-"
_STDIN_PATHS: Final = (STDIN, "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0")
# Three hours of 16 bits at 48 kHz; more was hardly meant.
_LARGEST_BYTES: Final = 1 << 30
_PIECE_BYTES: Final = 1 << 20

ACCEPTED: Final = "WAV, FLAC, OGG or MP3 with 1 to 32 channels at 4 to 384 kHz"
REMEDY: Final = f"Give a sound file: {ACCEPTED}."


def name_of(path: Path | str) -> str:
    """What a person calls it."""
    return "standard input" if is_stdin(path) else f"'{path}'"


def is_stdin(path: Path | str) -> bool:
    """Whether ``path`` stands for the standard input."""
    return str(path) in _STDIN_PATHS


def is_stream(path: Path | str) -> bool:
    """Whether it is a pipe (standard input, a FIFO), which is read once, from front to end."""
    return str(path) == STDIN or stat.S_ISFIFO(_mode(path)) or (is_stdin(path) and not stat.S_ISREG(_mode(path)))


def open_stream(path: Path | str, flags: int = 0) -> int:
    """A descriptor to read from. Raises FileUnusable when it is a terminal, OSError."""
    descriptor = os.dup(0) if is_stdin(path) else os.open(path, os.O_RDONLY | os.O_CLOEXEC | flags)
    if os.isatty(descriptor):
        os.close(descriptor)
        raise FileUnusable(f"{name_of(path)} is a terminal", "Pipe a sound into it, such as: espeak-ng --stdout … |")
    return descriptor


def open_input(path: Path | str) -> BinaryIO:
    """The file, open at its beginning. Raises FileUnusable: there is none, or too much comes."""
    try:
        if not is_stream(path):
            if not stat.S_ISREG(_mode(path)):
                raise FileUnusable(f"there is no file '{path}'", REMEDY)
            return Path(path).open("rb")
        with os.fdopen(open_stream(path), "rb") as pipe:
            return _kept(pipe, path)
    except OSError as error:
        raise FileUnusable(f"{name_of(path)} cannot be read: {error.strerror}", REMEDY) from None


def _kept(pipe: BinaryIO, path: Path | str) -> BinaryIO:
    """All that comes, in a file without a name."""
    file: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115  (whoever reads it closes it)
    size = 0
    while data := pipe.read(_PIECE_BYTES):
        size += len(data)
        if size > _LARGEST_BYTES:
            file.close()
            raise FileUnusable(f"{name_of(path)} gives more than {_LARGEST_BYTES >> 30} GiB", "Cut it in pieces.")
        file.write(data)
    file.seek(0)
    return file


def _mode(path: Path | str) -> int:
    try:
        return os.fstat(0).st_mode if str(path) == STDIN else Path(path).stat().st_mode
    except OSError:
        return 0
