"""What files are by their first bytes."""

from __future__ import annotations

import gzip
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from visaged.file_kind import HEAD_BYTES, kind_of, kind_of_file


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"", "empty"),
        (bytes(512), "all zeros"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n", "a Git LFS pointer"),
        (b"<!DOCTYPE html>\n<html>", "a web page"),
        (b"\xef\xbb\xbf\n <HTML><head>", "a web page"),
        (b'<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC', "a web page"),
        (b'<?xml version="1.0"?><Error><Code>AccessDenied', "an XML"),
        (b'{"error": "Not found"}', "a JSON"),
        (b"%PDF-1.7\n", "a PDF"),
        (b"\x89PNG\r\n\x1a\n", "a PNG"),
        (b"\xff\xd8\xff\xe0", "a JPEG"),
        (b"\0\0\0\x1cftypM4A \0\0\0\0", "an MP4 or M4A"),
        (b"\0\0\0\x183gp4", None),
        (b"\x1aE\xdf\xa3\x9fB\x86", "a WebM"),
        (b"#!AMR-WB\n", "an AMR"),
        (b"\xff\xf1\x50\x80", "an AAC"),
        (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6", "a Windows Media"),
        (b"GGUF\x03\0\0\0", "a GGUF"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "a WAV"),
        (b"RF64\xff\xff\xff\xffWAVEds64", "a WAV"),
        (b"Timecode,BlendshapeCount,EyeBlinkLeft", None),
        (b"[livelink]\nfps = 60", None),
        (b"\xff\xfbP\xc4", None),  # an MP3 without a tag begins like many things
    ],
)
def test_kinds_by_their_first_bytes(head: bytes, name: str | None) -> None:
    kind = kind_of(head)
    assert (kind is None) if name is None else (kind is not None and kind.name.startswith(name))


def test_files_as_programs_write_them(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("some words, long enough")
    with zipfile.ZipFile(tmp_path / "a ZIP archive", "w") as archive:
        archive.write(tmp_path / "text")
    with gzip.open(tmp_path / "a gzip archive", "wb") as zipped:
        zipped.write(b"words")
    with tarfile.open(tmp_path / "a tar archive", "w") as tar:
        tar.add(tmp_path / "text")
    for form in ("FLAC", "OGG", "AIFF", "WAV"):
        article = "an" if form[0] in "OA" else "a"
        soundfile.write(tmp_path / f"{article} {form}", np.zeros(100), 48000, format=form)
    for path in tmp_path.iterdir():
        kind = kind_of_file(path)
        assert (path.name if kind else "text") == (kind.name if kind else path.name)


@given(st.binary(max_size=HEAD_BYTES))
def test_any_bytes_are_something_or_not_known(head: bytes) -> None:
    kind = kind_of(head)
    assert kind is None or kind.name.isprintable()
