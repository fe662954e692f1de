from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from visaged.curves import COUNT, CURVES, INDEX
from visaged.recording import FORMATS, Recording, RecordingError, read, write
from visaged.recording.columns import HEADER

FILES = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)


def ramp(frames: int = 130, fps: Fraction = Fraction(60)) -> Recording:
    curves = np.zeros((frames, COUNT), np.float32)
    curves[:, INDEX["JawOpen"]] = np.linspace(0, 1, frames)
    curves[:, INDEX["JawLeft"]] = 0.25
    curves[:, INDEX["HeadYaw"]] = -0.5
    return Recording(curves, fps)


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines()


def edited(tmp_path: Path, edit: Callable[[list[str]], None], frames: int = 130) -> Path:
    """A good CSV with its lines changed by ``edit``."""
    path = tmp_path / "take.csv"
    write(path, ramp(frames))
    text = lines(path)
    edit(text)
    path.write_text("\n".join(text) + "\n")
    return path


def set_cell(line: int, column: int, value: str) -> Callable[[list[str]], None]:
    def edit(text: list[str]) -> None:
        cells = text[line - 1].split(",")
        cells[column] = value
        text[line - 1] = ",".join(cells)

    return edit


@pytest.mark.parametrize("suffix", FORMATS)
@FILES
@given(
    curves=arrays(np.float32, st.tuples(st.integers(1, 6), st.just(COUNT)), elements=st.floats(-1, 1, width=32)),
    fps=st.integers(24, 120),
)
def test_what_is_written_is_read_back(tmp_path: Path, suffix: str, curves: NDArray[np.float32], fps: int) -> None:
    path = tmp_path / f"take{suffix}"
    write(path, Recording(curves, Fraction(fps)))
    got = read(path, Fraction(fps))
    assert got.fps == fps
    # Ten decimals, as the app writes them.
    np.testing.assert_allclose(got.curves, curves, rtol=0, atol=1e-7 if suffix == ".csv" else 0)


@pytest.mark.parametrize("fps", [24, 25, 30, 48, 50, 60, 100, 120])
def test_a_csv_tells_its_rate_by_its_timecodes(tmp_path: Path, fps: int) -> None:
    path = tmp_path / "take.csv"
    write(path, ramp(130, Fraction(fps)))
    assert read(path).fps == fps


def test_a_csv_shorter_than_a_second_is_taken_for_60_fps(tmp_path: Path) -> None:
    path = tmp_path / "take.csv"
    write(path, ramp(20))
    assert read(path).fps == 60


@pytest.mark.parametrize("fps", [Fraction(30000, 1001), Fraction(60), Fraction(24000, 1001)])
def test_an_npz_keeps_a_fractional_rate(tmp_path: Path, fps: Fraction) -> None:
    path = tmp_path / "take.NPZ"
    write(path, ramp(20, fps))
    assert read(path).fps == fps


def test_the_csv_is_what_the_app_writes(tmp_path: Path) -> None:
    path = tmp_path / "take.csv"
    write(path, ramp())
    header, first, *rest = lines(path)
    assert header.startswith("Timecode,BlendshapeCount,EyeBlinkLeft,")
    assert "JawForward,JawRight,JawLeft,JawOpen,MouthClose,MouthFunnel,MouthPucker,MouthRight,MouthLeft," in header
    assert header.endswith(",TongueOut,HeadYaw,HeadPitch,HeadRoll,LeftEyeYaw,LeftEyePitch,LeftEyeRoll,"
                           "RightEyeYaw,RightEyePitch,RightEyeRoll")  # fmt: skip
    assert first.startswith("00:00:00:00.000,61,0.0000000000,")
    assert rest[59].startswith("00:00:01:00.000,61,")
    # Columns go by position, whatever the app calls them.
    assert first.split(",")[2 + INDEX["JawLeft"]] == "0.2500000000"


def test_columns_named_as_on_the_wire_are_read_the_same(tmp_path: Path) -> None:
    def rename(text: list[str]) -> None:
        text[0] = ",".join(("timecode", "blendShapeCount", *CURVES))

    np.testing.assert_array_equal(read(edited(tmp_path, rename)).curves[:, INDEX["JawLeft"]], np.float32(0.25))


def test_the_emotions_of_68_columns_are_read_over(tmp_path: Path) -> None:
    def widen(text: list[str]) -> None:
        text[0] += ",Angry,Disgusted,Fearful,Happy,Neutral,Sad,Surprised"
        text[1:] = [line + ",0,0,0,1,0,0,0" for line in text[1:]]

    np.testing.assert_array_equal(read(edited(tmp_path, widen)).curves, ramp().curves)


def test_rows_that_the_app_dropped_are_filled_in(tmp_path: Path) -> None:
    def drop(text: list[str]) -> None:
        del text[10:13], text[70]

    got = read(edited(tmp_path, drop))
    assert got.fps == 60
    np.testing.assert_allclose(got.curves, ramp().curves, atol=1e-6)


def test_a_take_across_midnight_with_parts_of_frames(tmp_path: Path) -> None:
    def late(text: list[str]) -> None:
        for row in range(1, len(text)):
            second, frame = divmod(row - 1, 60)
            clock = f"23:59:59:{frame:02d}.421" if second == 0 else f"00:00:{second - 1:02d}:{frame:02d}.421"
            text[row] = ",".join([clock, *text[row].split(",")[1:]])

    got = read(edited(tmp_path, late))
    assert (got.fps, len(got.curves)) == (60, 130)


def test_a_byte_order_mark_and_windows_lines_do_no_harm(tmp_path: Path) -> None:
    path = edited(tmp_path, lambda text: None)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n") + b"\r\n")
    assert len(read(path).curves) == 130


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (set_cell(5, 0, "12:00"), ["line 5", "Timecode", "'12:00'", "HH:MM:SS:FF.sss"]),
        (set_cell(7, 2 + INDEX["JawOpen"], "open"), ["line 7", "JawOpen", "'open'", "expected a number"]),
        (set_cell(7, 2 + INDEX["JawOpen"], "nan"), ["line 7", "JawOpen", "'nan'", "expected a number"]),
        (set_cell(7, 2 + INDEX["HeadYaw"], "45.0"), ["line 7", "HeadYaw", "'45.0'", "-4 to 4"]),
        (set_cell(7, 2 + INDEX["HeadYaw"], "0_1"), ["line 7", "HeadYaw", "'0_1'"]),
        (set_cell(1, 2 + INDEX["JawOpen"], "JawOpn"), ["line 1", "column 20", "'JawOpn'", "'JawOpen'"]),
        (set_cell(9, 0, "00:00:00:02.000"), ["line 9", "Timecode", "after the line before"]),
        (set_cell(9, 0, "00:59:00:02.000"), ["line 9", "Timecode", "5 s after the line before"]),
        (lambda text: text.__setitem__(3, text[3] + ",0"), ["line 4", "64 columns", "expected 63"]),
        (lambda text: text.__setitem__(0, "Timecode,JawOpen"), ["line 1", "column 2", "'JawOpen'", "BlendshapeCount"]),
        (lambda text: text.__delitem__(slice(1, None)), ["no frames"]),
        (lambda text: text.clear(), ["is empty"]),
    ],
)
def test_a_bad_csv_is_refused_with_line_column_and_value(
    tmp_path: Path, edit: Callable[[list[str]], None], said: list[str]
) -> None:
    with pytest.raises(RecordingError) as error:
        read(edited(tmp_path, edit))
    for words in ["take.csv", *said]:
        assert words in str(error.value)


@FILES
@given(content=st.binary(max_size=400))
@pytest.mark.parametrize("suffix", FORMATS)
def test_rubbish_is_refused(tmp_path: Path, suffix: str, content: bytes) -> None:
    path = tmp_path / f"rubbish{suffix}"
    path.write_bytes(content)
    with pytest.raises(RecordingError):
        read(path)


@FILES
@given(data=st.data())
@pytest.mark.parametrize("suffix", FORMATS)
def test_a_damaged_file_is_refused_or_still_legal(tmp_path: Path, suffix: str, data: st.DataObject) -> None:
    path = tmp_path / f"take{suffix}"
    write(path, ramp(3))
    content = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(content[: data.draw(st.integers(at, len(content)))]))
    try:
        recording = read(path)
    except RecordingError:
        return
    assert np.isfinite(recording.curves).all()


def _npz(**arrays: object) -> bytes:
    content = io.BytesIO()
    np.savez(content, **arrays)
    return content.getvalue()


GOOD = {"curves": np.zeros((2, COUNT), np.float32), "fps": 60.0, "names": np.array(CURVES)}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"curves": np.zeros((2, 60), np.float32)}, "[2, 60]"),
        ({"curves": np.zeros((0, COUNT), np.float32)}, "(0, 61)"),
        ({"curves": np.zeros((2, COUNT), np.int32)}, "int32"),
        ({"curves": np.full((2, COUNT), np.inf, np.float32)}, "frame 0, curve 0 is inf"),
        ({"curves": np.full((2, COUNT), 50.0)}, "-4 to 4"),
        ({"fps": 0.0}, "frame rate is 0"),
        ({"fps": float("nan")}, "expected one number"),
        ({"fps": "sixty"}, "expected one number"),
        ({"names": np.array(CURVES[::-1])}, "names are not the 61 curves"),
        ({"names": np.array(["JawOpen"])}, "names are not the 61 curves"),
    ],
)
def test_a_bad_npz_is_refused_with_what_is_accepted(tmp_path: Path, change: dict[str, object], said: str) -> None:
    path = tmp_path / "take.npz"
    path.write_bytes(_npz(**{**GOOD, **change}))
    with pytest.raises(RecordingError) as error:
        read(path)
    assert said in str(error.value)
    assert "take.npz" in str(error.value)


def test_an_npz_without_a_part_or_with_a_pickle_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "take.npz"
    path.write_bytes(_npz(curves=GOOD["curves"], fps=60.0))
    with pytest.raises(RecordingError, match="no 'names'"):
        read(path)
    path.write_bytes(_npz(**{**GOOD, "names": np.array([object()])}))
    with pytest.raises(RecordingError, match="cannot be read"):
        read(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("curves.npy", b"not an array")
    with pytest.raises(RecordingError):
        read(path)


@pytest.mark.parametrize(
    ("curves", "fps"),
    [
        (np.zeros((2, 60), np.float32), 60),
        (np.zeros((0, COUNT), np.float32), 60),
        (np.zeros((2, COUNT)), 60),
        (np.full((2, COUNT), np.nan, np.float32), 60),
        (np.zeros((2, COUNT), np.float32), 0),
    ],
)
def test_what_is_not_a_recording_cannot_be_made(curves: NDArray[np.float32], fps: int) -> None:
    with pytest.raises(RecordingError):
        Recording(curves, Fraction(fps))


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"\.csv nor \.npz"):
        write(tmp_path / "take.fbx", ramp())
    with pytest.raises(RecordingError, match=r"\.csv nor \.npz"):
        read(tmp_path / "take.json")


def test_what_was_there_stays_when_writing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "take.csv"
    path.write_text("before")

    def full(path: Path, recording: Recording) -> None:
        path.write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("visaged.recording.files.write_csv", full)
    with pytest.raises(OSError, match="No space"):
        write(path, ramp())
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_the_header_is_as_long_as_a_row() -> None:
    assert len(HEADER) == 2 + COUNT
    assert sorted(HEADER[2:]) == sorted(CURVES)
