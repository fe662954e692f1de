from __future__ import annotations

import io
import stat
import struct
import warnings
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.directory_bomb import write_directory_bomb
from visaged.bounded import zip_file as bounded_zip
from visaged.bounded.zip_file import BoundedZip, ZipBounds, ZipError

BOUNDS = ZipBounds(entries=4, entry_bytes=3000, total_bytes=5000, ratio=50)
FILES = {"a.txt": b"hello " * 20, "b.bin": bytes(range(256)) * 4}


def _zip(
    files: dict[str, bytes] | list[tuple[str | zipfile.ZipInfo, bytes]], method: int = zipfile.ZIP_DEFLATED
) -> bytes:
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w", method) as archive:
        warnings.simplefilter("ignore")  # of a name that is there twice
        for name, data in files.items() if isinstance(files, dict) else files:
            archive.writestr(name, data)
    return buffer.getvalue()


def _open(data: bytes, bounds: ZipBounds = BOUNDS) -> BoundedZip:
    return BoundedZip(io.BytesIO(data), bounds)


def _refused(data: bytes, bounds: ZipBounds = BOUNDS) -> str:
    with pytest.raises(ZipError) as caught:
        _open(data, bounds)
    return str(caught.value)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_what_is_within_the_bounds_is_read(method: int) -> None:
    archive = _open(_zip(FILES, method))
    assert archive.sizes == {name: len(data) for name, data in FILES.items()}
    assert {name: archive.read(name, 2000) for name in archive.sizes} == FILES


def test_a_zip_with_a_comment_or_in_the_long_form_is_read() -> None:
    buffer = io.BytesIO(_zip(FILES))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.comment = b"made by hand" * 1000
    assert _open(buffer.getvalue()).sizes.keys() == FILES.keys()
    assert _open(_long_form(_zip(FILES))).sizes.keys() == FILES.keys()


def _long_form(data: bytes) -> bytes:
    """The same with the end record of ZIP64, as torch writes it."""
    at = data.rfind(b"PK\5\6")
    _, _, _, _, count, size, offset, _ = struct.unpack("<4s4H2LH", data[at:])
    long_end = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, offset)
    return data[:at] + long_end + struct.pack("<4sLQL", b"PK\6\7", 0, at, 1) + data[at:]


@pytest.mark.parametrize("entries", [5, 20_000])
def test_a_directory_of_too_many_is_refused_unread(monkeypatch: pytest.MonkeyPatch, entries: int) -> None:
    monkeypatch.setattr(bounded_zip.zipfile, "ZipFile", None)  # must not be reached
    buffer = io.BytesIO()
    write_directory_bomb(buffer, entries)
    assert _refused(buffer.getvalue()) == f"holds {entries} files; at most 4 are accepted"


def test_a_directory_that_is_larger_than_it_says_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_zip.zipfile, "ZipFile", None)
    buffer = io.BytesIO()
    write_directory_bomb(buffer, 20_000, claimed=2)
    assert "directory of" in _refused(buffer.getvalue())


def test_a_long_end_record_somewhere_else_is_refused() -> None:
    data = bytearray(_long_form(_zip(FILES)))
    at = data.rfind(b"PK\6\7")
    struct.pack_into("<Q", data, at + 8, 0)
    assert "not where it should be" in _refused(bytes(data))


def _entry(name: str, mode: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is not a zip"),
        (b"PK\5\6", "is not a zip"),
        (b"hello" * 100, "is not a zip"),
        (_zip([("a", b"1"), ("a", b"2")]), "a: stands in the zip twice"),
        (_zip({str(number): b"" for number in range(5)}), "holds 5 files; at most 4"),
        (_zip({"x\x1b[2J": bytes(3001)}), "x\\x1b[2J: is 3001 bytes; at most 3000"),
        (_zip({"a": bytes(2600), "b": bytes(2600)}), "unpacks to over 5000"),
        (_zip([(_entry("l", stat.S_IFLNK | 0o777), b"/etc/passwd")]), "l: is not a plain file"),
        (_zip([(_entry("p", stat.S_IFIFO), b"")]), "p: is not a plain file"),
        (_zip([("folder/", b"")]), "folder/: is not a plain file"),
        (_zip({"a": b"x"}, zipfile.ZIP_BZIP2), "stored or deflated"),
    ],
)
def test_what_is_beyond_them_is_named(data: bytes, said: str) -> None:
    assert said in _refused(data)


def test_what_grows_too_much_is_refused() -> None:
    large = ZipBounds(entries=1, entry_bytes=1 << 30, total_bytes=1 << 30, ratio=50)
    assert "grows more than 50-fold" in _refused(_zip({"a": bytes(1 << 20)}), large)


def test_a_size_that_is_a_lie_ends_the_reading() -> None:
    data = bytearray(_zip({"a": b"x" * 2000}))
    for signature, offset in ((b"PK\3\4", 22), (b"PK\1\2", 24)):
        struct.pack_into("<I", data, data.find(signature) + offset, 100)
    archive = _open(bytes(data))
    target = io.BytesIO()
    with pytest.raises(ZipError, match="a: "):
        archive.copy("a", target)
    assert len(target.getvalue()) <= 100
    with pytest.raises(ZipError, match="100 bytes; at most 99"):
        archive.read("a", 99)
    with pytest.raises(ZipError, match="b: is missing"):
        archive.read("b", 99)


_SOUND = _zip(FILES)
_SOUND_LONG = _long_form(_SOUND)


@given(st.sampled_from([_SOUND, _SOUND_LONG]), st.data())
def test_a_damaged_zip_is_read_within_the_bounds_or_refused(sound: bytes, data: st.DataObject) -> None:
    damaged = bytearray(sound)
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(0, len(sound) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.sampled_from([len(sound), len(sound) - 1, 100, 10]))
    try:
        archive = _open(bytes(damaged[:cut]))
        content = {name: archive.read(name, BOUNDS.entry_bytes) for name in archive.sizes}
    except ZipError as error:
        assert str(error).isprintable()
        return
    assert len(content) <= BOUNDS.entries
    assert sum(map(len, content.values())) <= BOUNDS.total_bytes
