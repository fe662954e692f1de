"""The library that the command line means."""

from __future__ import annotations

import argparse
from pathlib import Path

from visaged.capsules.errors import CapsuleError
from visaged.capsules.file import capsule as capsule_format
from visaged.capsules.file.capsule import SUFFIX, Capsule
from visaged.capsules.library.library import Library
from visaged.config.load import find_file, load


def open_library(options: argparse.Namespace) -> Library:
    """``--library``, else that of the settings, loaded."""
    root = options.library or load(find_file(options.config), options.set).capsules.library
    library = Library(root)
    library.load()
    return library


def read_capsule(name: str, options: argparse.Namespace) -> Capsule:
    """The capsule of a file (if the name ends so) or an ID."""
    if name.endswith(SUFFIX):
        return capsule_format.decode(capsule_format.read_file(Path(name)), Path(name).name)
    library = open_library(options)
    return library.read(library.entry(name))


def read_file(path: Path) -> bytes:
    """Raises CapsuleError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise CapsuleError(path.name, "file", f"cannot be read: {error.strerror}") from None


def write_file(path: Path, data: bytes) -> None:
    """Raises CapsuleError."""
    try:
        path.write_bytes(data)
    except OSError as error:
        raise CapsuleError(path.name, "file", f"cannot be written: {error.strerror}") from None
