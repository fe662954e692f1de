"""What a file is by its first bytes: its name may say anything, a failed download leaves a web page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, NamedTuple

HEAD_BYTES: Final = 512
"""How many bytes are enough to tell."""


class FileKind(NamedTuple):
    """A kind of file that people mistake for another."""

    name: str
    """With its article, to follow "it is"."""
    advice: str = ""
    """What to do, where something can be done: a sentence."""
    ffmpeg: str = ""
    """What FFmpeg calls it, where it is a sound or film that only FFmpeg reads."""


_UNPACK: Final = "Unpack it first."
_AGAIN: Final = "The download went wrong: fetch it again."

# Where a mark lies, the mark, what it means. The first that fits counts.
_MARKS: Final[tuple[tuple[int, bytes, FileKind], ...]] = (
    (
        0,
        b"version https://git-lfs",
        FileKind("a Git LFS pointer, not the file itself", "Fetch the file: git lfs pull."),
    ),
    (0, b"PK\x03\x04", FileKind("a ZIP archive", _UNPACK)),
    (0, b"PK\x05\x06", FileKind("an empty ZIP archive", _AGAIN)),
    (0, b"\x1f\x8b", FileKind("a gzip archive", _UNPACK)),
    (0, b"BZh", FileKind("a bzip2 archive", _UNPACK)),
    (0, b"\xfd7zXZ\0", FileKind("an xz archive", _UNPACK)),
    (0, b"\x28\xb5\x2f\xfd", FileKind("a Zstandard archive", _UNPACK)),
    (0, b"7z\xbc\xaf\x27\x1c", FileKind("a 7-Zip archive", _UNPACK)),
    (0, b"Rar!", FileKind("a RAR archive", _UNPACK)),
    (257, b"ustar", FileKind("a tar archive", _UNPACK)),
    (0, b"%PDF-", FileKind("a PDF document")),
    (0, b"\x89PNG", FileKind("a PNG picture")),
    (0, b"\xff\xd8\xff", FileKind("a JPEG picture")),
    (0, b"GIF8", FileKind("a GIF picture")),
    (0, b"\xd0\xcf\x11\xe0", FileKind("an old Office document")),
    (0, b"\x7fELF", FileKind("a program")),
    (0, b"GGUF", FileKind("a GGUF model")),
    (4, b"ftyp", FileKind("an MP4 or M4A", ffmpeg="mp4")),
    (0, b"\x1aE\xdf\xa3", FileKind("a WebM or Matroska", ffmpeg="matroska")),
    (0, b"#!AMR", FileKind("an AMR recording", ffmpeg="amr")),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", FileKind("a Windows Media file", ffmpeg="asf")),
    (0, b"ADIF", FileKind("an AAC stream", ffmpeg="aac")),
    (0, b"\xff\xf1", FileKind("an AAC stream", ffmpeg="aac")),
    (0, b"\xff\xf9", FileKind("an AAC stream", ffmpeg="aac")),
    (0, b"fLaC", FileKind("a FLAC")),
    (0, b"OggS", FileKind("an OGG")),
    (0, b"FORM", FileKind("an AIFF")),
    (0, b"ID3", FileKind("an MP3")),
    (8, b"WAVE", FileKind("a WAV")),
)
# The same for text, behind spaces and the mark that Windows puts before UTF-8.
_TEXTS: Final = (
    (rb"<!doctype html|<html|<head|<body|<\?xml[^>]*>\s*<!doctype html", FileKind("a web page (HTML)", _AGAIN)),
    (rb"<\?xml", FileKind("an XML document")),
    (rb"[{\[]\s*(\"|\{|\[|\}|\]|-?\d)", FileKind("a JSON document")),
)
_PATTERNS: Final = [
    (re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:" + text + rb")", re.IGNORECASE), kind) for text, kind in _TEXTS
]


def kind_of(head: bytes) -> FileKind | None:
    """What begins with ``head`` (up to HEAD_BYTES bytes); None: not known."""
    if not any(head):
        return FileKind("all zeros at its beginning" if head else "empty", "Fetch it, or make it, again.")
    marked = (kind for at, mark, kind in _MARKS if head.startswith(mark, at))
    written = (kind for pattern, kind in _PATTERNS if pattern.match(head))
    return next(marked, None) or next(written, None)


def kind_of_file(path: Path) -> FileKind | None:
    """What the file is; None: not known. Raises OSError."""
    with path.open("rb") as file:
        return kind_of(file.read(HEAD_BYTES))
