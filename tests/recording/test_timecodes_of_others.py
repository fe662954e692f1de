"""Rates and places of rows, by timecodes that other programs write."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.recording.takes import cells, clock, even, expected, neurosync, write
from visaged.recording import RecordingError, read
from visaged.recording.base import MAX_FPS
from visaged.recording.grid import lay_out, spread
from visaged.recording.timecode import Timecode
from visaged.recording.timecode import read as read_timecode


def check(tmp_path: Path, timecodes: list[str], fps: Fraction | int) -> None:
    """All rows are there, at this rate, in even time."""
    got = read(write(tmp_path / "take.csv", cells(timecodes)))
    assert got.fps == fps
    np.testing.assert_allclose(got.curves, expected(len(timecodes)), rtol=0, atol=1e-3)


@pytest.mark.parametrize("rows", [2, 3, 20, 60, 61, 120, 4000])
def test_the_milliseconds_that_neurosyncs_player_writes_in_place_of_parts(tmp_path: Path, rows: int) -> None:
    check(tmp_path, neurosync(rows), 60)


@pytest.mark.parametrize("rows", [10, 150])
@pytest.mark.parametrize("rate", [10, 12, 15, 20, 24, 25, 30])
def test_rows_come_less_often_than_the_timecode_counts(tmp_path: Path, rows: int, rate: int) -> None:
    """A camera of 30 (or 24) frames a second on a timecode of 60, which drifts a little."""
    step = 60 / rate
    check(tmp_path, [clock(36000 * 60 + 31.652 + row * step * 0.9998, 60) for row in range(rows)], rate)


@pytest.mark.parametrize("rate", [24, 30])
def test_rows_that_lie_on_whole_numbers_only(tmp_path: Path, rate: int) -> None:
    check(tmp_path, [clock(round(row * 60 / rate), 60) for row in range(90)], rate)


def test_a_camera_that_lost_rows(tmp_path: Path) -> None:
    rows = [row for row in range(150) if row not in (7, 60, 61, 100)]
    table = cells([clock(row * 2 + 31, 60) for row in range(150)])
    got = read(write(tmp_path / "take.csv", [table[0], *(table[1 + row] for row in rows)]))
    assert (got.fps, len(got.curves)) == (30, 150)
    np.testing.assert_allclose(got.curves[rows], expected(rows), rtol=0, atol=1e-3)


def test_rows_that_slow_down_keep_their_time(tmp_path: Path) -> None:
    """60 a second, then 30: as a phone that gets too warm."""
    frames = [*range(70), *range(70, 260, 2)]
    got = read(write(tmp_path / "take.csv", cells([clock(frame, 60) for frame in frames])))
    assert (got.fps, len(got.curves)) == (60, 259)
    np.testing.assert_allclose(got.curves[frames], expected(len(frames)), rtol=0, atol=1e-3)


@pytest.mark.parametrize("part", [0.0, 0.5])
def test_rows_come_twice_as_often_as_the_timecode_counts(tmp_path: Path, part: float) -> None:
    check(tmp_path, [clock(row // 2 + part * (row % 2), 30) for row in range(100)], 60)


@pytest.mark.parametrize("rate", [24, 25, 30, 45, 48, 50, 59, 60, 90, 100, 120, 240])
def test_what_several_seconds_agree_on_is_the_rate(tmp_path: Path, rate: int) -> None:
    check(tmp_path, even(3 * rate, rate), rate)


@pytest.mark.parametrize("missing", [[59], [60], [59, 60], [10, 20, 30]])
def test_a_second_that_lost_its_last_rows_is_still_of_60(tmp_path: Path, missing: list[int]) -> None:
    rows = [row for row in range(100) if row not in missing]
    table = cells(even(100))
    got = read(write(tmp_path / "take.csv", [table[0], *(table[1 + row] for row in rows)]))
    assert (got.fps, len(got.curves)) == (60, 100)
    np.testing.assert_allclose(got.curves[rows], expected(rows), rtol=0, atol=1e-6)


def test_a_number_that_is_there_twice_beside_one_that_is_not(tmp_path: Path) -> None:
    """Rounded down by a program that counted in binary fractions."""
    numbers = [0, 1, 2, 3, 3, 5, 6, 6, 8, 9]
    check(tmp_path, [clock(number, 60) for number in numbers], 60)


def test_of_two_rows_between_neighbours_the_later_counts() -> None:
    assert spread([0, 1, 1, 2]) == {0: 0, 1: 2, 2: 3}
    assert spread([0, 1, 2, 2]) == {0: 0, 1: 1, 2: 2, 3: 3}
    assert spread([0, 2, 2, 3]) == {0: 0, 1: 1, 2: 2, 3: 3}


@pytest.mark.parametrize("fps", [30, 60])
@pytest.mark.parametrize("minute", ["00:00", "13:07", "23:59"])
def test_drop_frame_leaves_no_hole_at_the_minute(tmp_path: Path, fps: int, minute: str) -> None:
    hours, minutes = map(int, minute.split(":"))
    seconds = (hours * 60 + minutes) * 60 + 58
    timecodes, second, frame = [], seconds, 0
    while len(timecodes) < 4 * fps:
        timecodes.append(clock(second * fps + frame, fps, separator=";"))
        frame += 1
        if frame == fps:
            second, frame = second + 1, 0
            if second % 60 == 0 and second // 60 % 10:
                frame = fps // 15
    check(tmp_path, timecodes, Fraction(fps * 1000, 1001))


def test_a_few_rows_of_drop_frame(tmp_path: Path) -> None:
    check(tmp_path, ["00:00:59;28.000", "00:00:59;29.000", "00:01:00;02.000"], Fraction(30000, 1001))


def test_the_rate_that_is_given_counts(tmp_path: Path) -> None:
    path = write(tmp_path / "take.csv", cells([clock(row * 2, 60) for row in range(20)]))
    assert len(read(path, Fraction(30)).curves) == 20
    assert len(read(path, Fraction(60)).curves) == 39
    short = write(tmp_path / "short.csv", cells(even(20, 30)))
    assert len(read(short, Fraction(30000, 1001)).curves) == 20


@pytest.mark.parametrize(
    ("timecodes", "value"),
    [
        (["00:00:00:000", "00:00:00:016", "00:00:00:033", "00:00:00:050"], "00:00:00:050"),
        (["00:00:00:000", "00:00:00:033", "00:00:00:066"], "00:00:00:066"),
        (["00:00:00:980", "00:00:00:996", "00:00:01:013"], "00:00:01:013"),
        (["00:00:00.000", "00:00:00.016"], "00:00:00.000"),
    ],
)
def test_milliseconds_in_place_of_frames_are_named(tmp_path: Path, timecodes: list[str], value: str) -> None:
    path = write(tmp_path / "take.csv", cells(timecodes))
    with pytest.raises(RecordingError, match="the last field looks like milliseconds") as error:
        read(path)
    assert f"Timecode is '{value}'" in str(error.value)
    assert "HH:MM:SS:FF.sss" in str(error.value)


def test_drop_frame_has_no_rate_of_more_than_120(tmp_path: Path) -> None:
    """Before, rows that counted further lay before those that they follow."""
    path = write(tmp_path / "take.csv", cells(["00:00:00;124.000", "00:00:01;00.000"]))
    with pytest.raises(RecordingError, match="a timecode counts frame 124 of a second; drop-frame timecodes count"):
        read(path)


def test_frames_of_240_a_second_are_no_milliseconds(tmp_path: Path) -> None:
    check(tmp_path, [f"00:00:0{row // 240}:{row % 240:03d}" for row in range(480)], 240)


TIMECODES = st.builds(
    Timecode,
    st.integers(0, 3600),
    st.integers(0, MAX_FPS),
    st.floats(0, 0.999),
    st.booleans(),
    st.sampled_from([2, 3]),
)


@settings(deadline=None)
@example([Timecode(1, 0, drop_frame=True), Timecode(0, 124, drop_frame=True)], None)
@given(st.lists(TIMECODES, min_size=1, max_size=12), st.none() | st.integers(1, 120).map(Fraction))
def test_any_timecodes_give_a_grid_with_a_place_for_each_row(timecodes: list[Timecode], fps: Fraction | None) -> None:
    # A recording is of one kind, which its first row tells, and its rows follow each other.
    timecodes = sorted(one._replace(drop_frame=timecodes[0].drop_frame) for one in timecodes)
    try:
        grid = lay_out(timecodes, fps)
    except RecordingError as error:
        assert timecodes[0].drop_frame
        assert "drop-frame timecodes count up to 119" in str(error)
        return
    assert 1 <= grid.fps <= MAX_FPS + 1
    assert len(grid.places) == len(timecodes)
    assert grid.places[0] == 0
    rising = sorted(grid.places)
    try:
        rows = spread(rising)
    except RecordingError as error:
        assert "cut it in pieces" in str(error)
        return
    # No row is left out but for one in its own place or beside it.
    assert set(rows.values()) <= set(range(len(rising)))
    assert max(rows.values()) == len(rising) - 1
    for frame, row in rows.items():
        assert abs(frame - rising[row]) < 2.6


@settings(deadline=None)
@given(st.text(max_size=24) | st.from_regex(r"\A[0-9:;.,]{0,20}\Z"))
def test_any_text_is_a_timecode_or_none(text: str) -> None:
    found = read_timecode(text)
    if found is not None:
        assert 0 <= found.second < 100 * 3600
        assert 0 <= found.frame < 1000
        assert 0 <= found.part <= 1


@settings(deadline=None)
@given(
    st.sampled_from([24, 25, 30, 48, 50, 60, 120]),
    st.integers(0, 86399),
    st.floats(0, 0.9),
    st.integers(150, 300),
    st.data(),
)
def test_rows_that_are_missing_change_nothing_for_the_others(
    rate: int, second: int, part: float, count: int, data: st.DataObject
) -> None:
    """Any rate, any time of day (midnight, too), and every fifth row may be missing."""
    missing = data.draw(st.sets(st.integers(1, count - 2), max_size=count // 5))
    kept = [row for row in range(count) if row not in missing]
    timecodes = [Timecode((second + row // rate) % 86400, row % rate, part) for row in kept]
    seconds = [{row % rate for row in kept if row // rate == one} for one in range(count // rate)]
    grid = lay_out(timecodes)
    # Where the ends of all seconds are missing, nothing tells the rate.
    if any(rate - 1 in frames for frames in seconds[:1]) and 0 in {row % rate for row in kept if row // rate == 1}:
        assert grid.fps == rate
        assert spread(grid.places) == {row: number for number, row in enumerate(kept)}
