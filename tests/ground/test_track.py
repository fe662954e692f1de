from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from visaged.curves import COUNT, Pose
from visaged.track import FaceTrack

FRAME = 800


def pose(value: float) -> Pose:
    return np.full(COUNT, value, np.float32)


def filled(frames: int, capacity: int = 256) -> FaceTrack:
    """Frame k at k * 800, all curves k."""
    track = FaceTrack(capacity)
    for frame in range(frames):
        track.append(frame * FRAME, pose(frame))
    return track


def at(track: FaceTrack, index: float) -> tuple[float, float]:
    """(value, staleness) there."""
    shown = pose(-1)
    stale = track.sample(index, shown)
    assert (shown == shown[0]).all()
    return float(shown[0]), stale


def test_between_two_frames_it_is_their_blend() -> None:
    track = filled(10)
    assert at(track, 3 * FRAME) == (3.0, 0.0)
    assert at(track, 3.25 * FRAME) == (3.25, 0.0)
    assert at(track, 8.999 * FRAME) == (pytest.approx(8.999), 0.0)


def test_beyond_the_newest_it_holds_and_says_how_stale() -> None:
    assert at(filled(10), 9 * FRAME + 500) == (9.0, 500.0)


def test_an_empty_track_and_a_time_before_all_frames_show_nothing() -> None:
    assert at(FaceTrack(), 0) == (-1.0, float("inf"))
    assert at(filled(10), -1) == (-1.0, float("inf"))


def test_it_never_blends_across_a_gap() -> None:
    track = filled(3)
    track.append(20 * FRAME, pose(20))
    assert at(track, 10 * FRAME) == (2.0, 8.0 * FRAME)
    assert at(track, 20 * FRAME) == (20.0, 0.0)


def test_one_missing_frame_is_no_gap() -> None:
    track = filled(3)
    track.append(4 * FRAME, pose(4))
    assert at(track, 3 * FRAME) == (3.0, 0.0)


def test_a_frame_that_is_not_newer_is_ignored() -> None:
    track = filled(5)
    track.append(4 * FRAME, pose(9))
    track.append(2 * FRAME, pose(9))
    assert track.count == 5
    assert track.newest_index == 4 * FRAME
    assert at(track, 4 * FRAME) == (4.0, 0.0)


def test_a_stream_may_begin_before_zero() -> None:
    track = FaceTrack()
    track.append(-1120, pose(1))
    track.append(-320, pose(3))
    assert at(track, -720) == (2.0, 0.0)


def test_the_pose_given_is_copied() -> None:
    track, mine = FaceTrack(), pose(1)
    track.append(0, mine)
    mine.fill(7)
    assert at(track, 0) == (1.0, 0.0)


def test_a_reset_forgets_all_and_lets_time_begin_anew() -> None:
    track = filled(10)
    track.reset()
    assert track.newest_index is None
    assert at(track, 5 * FRAME)[1] == float("inf")
    track.append(0, pose(3))
    assert at(track, 0) == (3.0, 0.0)


def test_it_keeps_the_newest_half_of_its_capacity() -> None:
    track = filled(1000, capacity=16)
    assert at(track, 999 * FRAME) == (999.0, 0.0)
    assert at(track, 992.5 * FRAME) == (992.5, 0.0)
    assert at(track, 980 * FRAME)[1] == float("inf")


def test_a_reader_beside_the_writer_never_sees_a_torn_pose() -> None:
    track = filled(2)
    seen = [1]

    def write() -> None:
        for frame in range(2, 5_000):
            # As far ahead as a writer may get: less than half of the capacity while one pose is read.
            while frame - seen[0] > 100:
                time.sleep(0)
            track.append(frame * FRAME, pose(frame))

    writer = threading.Thread(target=write)
    writer.start()
    while seen[0] < 4_999:
        newest = track.newest_index
        assert newest is not None
        shown = pose(-1)
        assert track.sample(newest - FRAME / 2, shown) == 0.0
        assert (shown == shown[0]).all()
        seen[0] = newest // FRAME
    writer.join()
