from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from visaged.curves import COUNT, INDEX, Pose
from visaged.track import FaceTrack

FRAME = 800


CLOSE, JAW, ROLL = INDEX["MouthClose"], INDEX["JawOpen"], INDEX["MouthRollLower"]
BLENDED = np.delete(np.arange(COUNT), [CLOSE, ROLL])


def pose(value: float) -> Pose:
    """All curves alike, but lips that do not meet: those are shown otherwise."""
    made = np.full(COUNT, value, np.float32)
    made[[CLOSE, ROLL]] = 0.0
    return made


def alike(shown: Pose) -> bool:
    return bool((shown[BLENDED] == shown[0]).all())


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
    assert alike(shown)
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

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    while seen[0] < 4_999:
        newest = track.newest_index
        assert newest is not None
        shown = pose(-1)
        assert track.sample(newest - FRAME / 2, shown) == 0.0
        assert alike(shown)
        seen[0] = newest // FRAME
    writer.join()


def speaking(jaw: float, close: float = 0.0, roll: float = 0.0) -> Pose:
    made = np.zeros(COUNT, np.float32)
    made[[JAW, CLOSE, ROLL]] = jaw, close, roll
    return made


def rendered(frames: list[Pose], rate_hz: float, phase: float) -> np.ndarray:
    """[ticks, 61]: ``frames`` at 60 a second, each there two frames before its tick, shown at ``rate_hz``."""
    track, shown, period = FaceTrack(), [], 48_000 / rate_hz
    ready = 0
    for tick in range(int(len(frames) * FRAME / period) - 2):
        index = (tick + phase) * period
        while ready < len(frames) and ready * FRAME <= index + 2 * FRAME:
            track.append(ready * FRAME, frames[ready])
            ready += 1
        out = np.zeros(COUNT, np.float32)
        track.sample(index, out)
        shown.append(out)
    return np.stack(shown)


PHASES = (0.0, 0.1, 0.3, 0.5, 0.51, 0.7, 0.99)


@pytest.mark.parametrize("rate_hz", [24, 25, 30000 / 1001, 30, 50, 60000 / 1001, 60, 90, 120])
@pytest.mark.parametrize("phase", PHASES)
def test_a_closure_of_one_frame_reaches_the_packet_at_every_rate_and_phase(rate_hz: float, phase: float) -> None:
    closed = speaking(0.2, 0.2)
    frames = [speaking(0.2)] * 20 + [closed] + [speaking(0.2)] * 20
    shown = rendered(frames, rate_hz, phase)
    assert (shown[:, CLOSE] >= 0.199).any()


@pytest.mark.parametrize("rate_hz", [24, 30, 60, 120])
@pytest.mark.parametrize("phase", PHASES)
def test_so_does_a_contact(rate_hz: float, phase: float) -> None:
    frames = [speaking(0.2)] * 20 + [speaking(0.2, roll=0.34)] + [speaking(0.2)] * 20
    assert (rendered(frames, rate_hz, phase)[:, ROLL] >= 0.339).any()


@pytest.mark.parametrize("phase", PHASES)
def test_no_closure_is_shown_twice_as_long_as_it_is(phase: float) -> None:
    frames = [speaking(0.2)] * 20 + [speaking(0.2, 0.2)] * 2 + [speaking(0.2)] * 20
    assert (rendered(frames, 60, phase)[:, CLOSE] >= 0.199).sum() == 2


@pytest.mark.parametrize("phase", PHASES)
def test_open_lips_and_a_mouth_at_rest_are_blended_as_ever(phase: float) -> None:
    frames = [speaking(jaw) for jaw in np.linspace(0.0, 0.9, 40)]
    jaw = rendered(frames, 60, phase)[:, JAW]
    steps = np.diff(jaw)
    assert np.allclose(steps, steps[0], atol=1e-4)


def test_brows_are_blended_while_the_lips_close() -> None:
    track, brow = FaceTrack(), INDEX["BrowInnerUp"]
    for frame in range(4):
        made = speaking(0.2, 0.2)
        made[brow] = frame / 10
        track.append(frame * FRAME, made)
    out = np.zeros(COUNT, np.float32)
    track.sample(1.25 * FRAME, out)
    assert out[brow] == pytest.approx(0.125)
