"""CSV as spreadsheets and other programs write it: separators, quotes, columns by name, faces that were lost."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.recording.takes import Cells, cells, even, expected, joined, named, write
from visaged.curves import COUNT, CURVES, INDEX
from visaged.recording import RecordingError, read
from visaged.recording.base import EMOTIONS

FILES = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
SHAPES = CURVES[:52]


def with_decimal_commas(rows: Cells) -> Cells:
    return [rows[0], *([row[0], *(cell.replace(".", ",") for cell in row[1:])] for row in rows[1:])]


def quoted(rows: Cells, separator: str = ",") -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=separator, quoting=csv.QUOTE_ALL).writerows(rows)
    return text.getvalue()


JOINS: dict[str, Callable[[Cells], str]] = {
    "comma": joined,
    "quoted": quoted,
    "semicolon": lambda rows: joined(rows, ";"),
    "semicolon and decimal comma": lambda rows: joined(with_decimal_commas(rows), ";"),
    "quoted, decimal comma": lambda rows: quoted(with_decimal_commas(rows)),
    "tab": lambda rows: joined(rows, "\t"),
    "tab and decimal comma": lambda rows: joined(with_decimal_commas(rows), "\t"),
    "spaces around": lambda rows: joined(rows, " , "),
    "excel's line for the separator": lambda rows: "sep=;\n" + joined(rows, ";"),
    "old Mac lines": lambda rows: joined(rows, ends="\r"),
    "empty lines": lambda rows: joined(rows, ends="\n\n"),
    "a comma at the end of a row": lambda rows: joined([rows[0], *([*row, ""] for row in rows[1:])]),
}


@pytest.mark.parametrize("join", JOINS.values(), ids=JOINS)
def test_any_dialect_is_the_same_take(tmp_path: Path, join: Callable[[Cells], str]) -> None:
    got = read(write(tmp_path / "take.csv", cells(even(20)), join))
    np.testing.assert_allclose(got.curves, expected(20), rtol=0, atol=1e-6)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be"])
def test_any_unicode_is_the_same_take(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "take.csv"
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    path.write_bytes((mark + joined(cells(even(20)), "\t")).encode(encoding))
    np.testing.assert_allclose(read(path).curves, expected(20), rtol=0, atol=1e-6)


@pytest.mark.parametrize("count", ["51", "52", "61", "68", "", "many", "61.0"])
def test_the_count_column_is_information(tmp_path: Path, count: str) -> None:
    got = read(write(tmp_path / "take.csv", cells(even(20), count=count)))
    np.testing.assert_allclose(got.curves, expected(20), rtol=0, atol=1e-6)


def lose_by_count(row: list[str]) -> None:
    row[1:] = ["0", *["0.0"] * COUNT]


def lose_all_cells(row: list[str]) -> None:
    row[1:] = ["0", *[""] * COUNT]


def lose_one_cell(row: list[str]) -> None:
    row[30] = ""


@pytest.mark.parametrize("lose", [lose_by_count, lose_all_cells, lose_one_cell])
def test_a_lost_face_is_filled_in_or_held(tmp_path: Path, lose: Callable[[list[str]], None]) -> None:
    lost = [0, 1, 7, 8, 9, 18, 19]
    rows = cells(even(20))
    for row in lost:
        lose(rows[1 + row])
    got = read(write(tmp_path / "take.csv", rows)).curves
    whole = expected(20)
    kept = [row for row in range(20) if row not in lost]
    np.testing.assert_allclose(got[kept], whole[kept], rtol=0, atol=1e-6)
    np.testing.assert_allclose(got[[0, 1]], whole[[2, 2]], rtol=0, atol=1e-6)
    np.testing.assert_allclose(got[[18, 19]], whole[[17, 17]], rtol=0, atol=1e-6)
    for share, row in ((0.25, 7), (0.5, 8), (0.75, 9)):
        np.testing.assert_allclose(got[row], (1 - share) * whole[6] + share * whole[10], rtol=0, atol=1e-6)


def test_a_take_without_any_face_is_refused(tmp_path: Path) -> None:
    rows = cells(even(20))
    for row in rows[1:]:
        lose_by_count(row)
    with pytest.raises(RecordingError, match=r"take\.csv has 20 rows and a face in none of them"):
        read(write(tmp_path / "take.csv", rows))


@pytest.mark.parametrize(
    "names",
    [
        SHAPES,  # ARKit's
        SHAPES[:51],  # without the tongue
        SHAPES[::-1],
        CURVES[::-1],
        sorted(SHAPES),
        [name[0].lower() + name[1:] for name in sorted(SHAPES)],
        (*CURVES[30:], *CURVES[:30]),
    ],
)
def test_columns_of_other_orders_go_by_name(tmp_path: Path, names: list[str]) -> None:
    known = {name.lower(): name for name in CURVES}
    rows = named([known[name.lower()] for name in names], 20)
    rows[0][2:] = names
    got = read(write(tmp_path / "take.csv", rows)).curves
    whole = expected(20)
    there = [CURVES.index(known[name.lower()]) for name in names]
    whole[:, [column for column in range(COUNT) if column not in there]] = 0
    np.testing.assert_allclose(got, whole, rtol=0, atol=1e-6)


def test_mediapipes_names(tmp_path: Path) -> None:
    """52 columns: the face at rest, and no tongue. Its documentation writes eyeBlinkLeft, Apple's eyeBlink_L."""
    rows = named(SHAPES[:51], 20)
    short = [name.replace("Left", "_L").replace("Right", "_R") if name.startswith("Eye") else name for name in SHAPES]
    rows[0][2:] = ["_neutral", *short[:51]]
    for row in rows[1:]:
        row.insert(2, "0.9")
    np.testing.assert_allclose(
        read(write(tmp_path / "take.csv", rows)).curves[:, :51], expected(20)[:, :51], rtol=0, atol=1e-6
    )


def test_52_columns_in_the_order_of_the_app_go_by_position(tmp_path: Path) -> None:
    """As of its 61: what it calls JawRight is what moves the jaw to the left."""
    rows = [row[:54] for row in cells(even(20))]
    assert rows[0][2 + INDEX["JawLeft"]] == "JawRight"
    np.testing.assert_allclose(
        read(write(tmp_path / "take.csv", rows)).curves[:, :52], expected(20)[:, :52], rtol=0, atol=1e-6
    )


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (
            ["Timecode", "BlendShapeCount", *SHAPES[:50]],
            ["50 curve columns", "51 or 52", "61 or 68", "no 'NoseSneerRight'"],
        ),
        (["Timecode", "BlendShapeCount", *SHAPES, "JawOpen"], ["column 55", "'JawOpen'", "there twice"]),
        (["Timecode", "BlendShapeCount", *SHAPES, "Colour"], ["column 55", "'Colour'", "an ARKit shape"]),
        (["Time", "BlendShapeCount", *SHAPES], ["column 1 is 'Time'", "'Timecode'"]),
        (["Timecode", *SHAPES], ["column 2 is 'EyeBlinkLeft'", "'BlendshapeCount'"]),
        (["Timecode"], ["has no cells; comma, semicolon, tab may separate"]),
        (["Timecode BlendshapeCount EyeBlinkLeft"], ["has no cells; comma, semicolon, tab may separate"]),
        (["Time\x1b[2Jcode", "BlendShapeCount", *SHAPES], ["column 1 is 'Time\\x1b[2Jcode'"]),
    ],
)
def test_a_header_that_is_none_is_refused(tmp_path: Path, header: list[str], said: list[str]) -> None:
    with pytest.raises(RecordingError) as error:
        read(write(tmp_path / "take.csv", [header, ["00:00:00:00.000", "61"]]))
    for words in ["take.csv line 1", *said]:
        assert words in str(error.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<!DOCTYPE html><html><title>404</title>", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "a Git LFS pointer"),
        (b"PK\x03\x04\x14\0\6\0\x08\0", "a ZIP archive"),
        (b"\xff\xff\xff\xff" * 10, "is not text"),
        (b"", "is empty"),
        (b"Timecode,BlendshapeCount,\xe9", "is not text"),
        (b"x" * 200_000, "more than 65536 characters"),
        (b'Timecode,"' + b"x\n" * 100_000, "line "),
    ],
)
def test_what_is_no_csv_at_all_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "take.csv"
    path.write_bytes(content)
    with pytest.raises(RecordingError) as error:
        read(path)
    assert said in str(error.value)
    assert "take.csv" in str(error.value)
    assert len(str(error.value)) < 400


def test_a_short_file_does_not_become_hours_of_face(tmp_path: Path) -> None:
    """Gaps of five seconds are filled in: many of them are more than a machine holds."""
    rows = cells([f"{row // 720:02d}:{row // 12 % 60:02d}:{row * 5 % 60:02d}:239.000" for row in range(1000)])
    with pytest.raises(RecordingError, match=r"take\.csv: lasts 1198800 frames, at most 1000000 are read"):
        read(write(tmp_path / "take.csv", rows))


CELLS = st.sampled_from(
    ["", "0", "1", "0,5", "0.5", "-0.1", "1e3", "nan", "JawOpen", '"', "61", "00:00:00:01.5", "x;y"]
)


@FILES
@given(
    rows=st.lists(st.lists(CELLS, max_size=6), max_size=4),
    separator=st.sampled_from([",", ";", "\t", " "]),
    emotions=st.booleans(),
    changed=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 70), CELLS), max_size=4),
)
def test_any_table_is_a_legal_take_or_refused(
    tmp_path: Path, rows: Cells, separator: str, emotions: bool, changed: list[tuple[int, int, str]]
) -> None:
    whole = cells(even(3))
    if emotions:
        whole = [[*whole[0], *EMOTIONS], *([*row, *["0"] * len(EMOTIONS)] for row in whole[1:])]
    for row, column, cell in changed:
        if column < len(whole[row]):
            whole[row][column] = cell
    path = write(tmp_path / "take.csv", [*whole, *rows], lambda table: joined(table, separator))
    try:
        got = read(path)
    except RecordingError as error:
        assert "take.csv" in str(error)
        return
    assert (np.abs(got.curves) <= 4).all()


@FILES
@given(text=st.text(max_size=300))
def test_any_text_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "take.csv"
    path.write_text(text, encoding="utf-8", errors="replace")
    with pytest.raises(RecordingError) as error:
        read(path)
    assert str(error.value).isprintable()


@pytest.mark.parametrize("content", [None, b"", b"<html>", b"PK\x03\x04 and no more"])
def test_an_npz_that_is_none_is_one_line(tmp_path: Path, content: bytes | None) -> None:
    """The first is one whose array begins with an expression that Python's tokenizer trips over."""
    path = Path(__file__).parent / "cases" / "npz-tokenerror.npz"
    if content is not None:
        path = tmp_path / "take.npz"
        path.write_bytes(content)
    with pytest.raises(RecordingError, match=r"\.npz cannot be read: .*expected an NPZ with curves") as error:
        read(path)
    assert str(error.value).isprintable()


def test_a_small_npz_of_a_huge_array_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visaged.recording.npz_file._LARGEST_BYTES", 10_000_000)
    path = tmp_path / "take.npz"
    np.savez_compressed(path, curves=np.zeros((100_000, COUNT), np.float32), fps=60.0, names=np.array(CURVES))
    assert path.stat().st_size < 100_000
    with pytest.raises(RecordingError, match="'curves' has 23 MiB, at most 9 are read"):
        read(path)
