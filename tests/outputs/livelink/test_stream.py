from __future__ import annotations

from fractions import Fraction

import pytest

from visaged.clock import NS_PER_MS, NS_PER_S
from visaged.outputs.livelink.packet import LiveLinkPacket
from visaged.outputs.livelink.stream import Stream, StreamFigures

PERIOD_NS = NS_PER_S / 60


def packet(frame: int, sub_frame: float = 0.25) -> LiveLinkPacket:
    return LiveLinkPacket("d", "s", frame, sub_frame, Fraction(60), (0.0,) * 61)


def figures(frames: list[int], late_ms: dict[int, float] | None = None) -> StreamFigures:
    """Of frames that come one period apart, but those in ``late_ms`` (by position) that much later."""
    stream, time_ns = Stream(), 0
    for position, frame in enumerate(frames):
        time_ns = int(position * PERIOD_NS + (late_ms or {}).get(position, 0.0) * NS_PER_MS)
        stream.add(packet(frame), time_ns)
    return stream.figures(time_ns)


def test_an_even_stream() -> None:
    seen = figures(list(range(1000, 1300)))
    assert seen.fps == pytest.approx(60.0)
    assert seen.jitter_ms == pytest.approx(0, abs=1e-3)
    assert (seen.packets, seen.lost, seen.duplicates, seen.reordered, seen.jumps) == (300, 0, 0, 0, 0)
    assert seen.gap_max_ms == 0


def test_lost_frames() -> None:
    assert figures([1, 2, 5, 6, 10]).lost == 2 + 3


def test_a_duplicate_is_not_lost_and_not_a_gap() -> None:
    seen = figures([1, 2, 2, 3])
    assert (seen.duplicates, seen.lost) == (1, 0)


def test_frames_out_of_order_are_not_lost() -> None:
    seen = figures([1, 2, 4, 3, 5])
    assert (seen.reordered, seen.lost, seen.jumps) == (1, 0, 0)


def test_the_newest_face_stays_when_an_older_one_comes_late() -> None:
    stream = Stream()
    for frame in (1, 3, 2):
        stream.add(packet(frame), frame)
    assert stream.packet == packet(3)


@pytest.mark.parametrize("frame", [0, 5_184_000])
def test_midnight_and_a_clock_that_was_set_are_jumps_not_loss(frame: int) -> None:
    seen = figures([3_000_000, 3_000_001, frame, frame + 1])
    assert (seen.jumps, seen.lost, seen.reordered) == (1, 0, 0)


def test_a_sub_frame_that_wobbles_around_a_whole_one_loses_nothing() -> None:
    stream = Stream()
    for index, (frame, sub_frame) in enumerate([(1, 0.999), (3, 0.001), (3, 0.999), (5, 0.001)]):
        stream.add(packet(frame, sub_frame), int(index * PERIOD_NS))
    assert stream.figures(0).lost == 0


def test_jitter_and_gap_of_a_late_packet() -> None:
    seen = figures(list(range(200)), {100: 8.0})
    assert seen.gap_max_ms == pytest.approx(8, rel=0.02)
    assert 0 < seen.jitter_ms < 1
    # Two of 199 intervals are wrong by 8 ms: more than one of a hundred.
    assert seen.gap_p99_ms == pytest.approx(8, rel=0.02)


def test_fps_falls_to_nothing_when_packets_stop() -> None:
    stream = Stream()
    for frame in range(100):
        stream.add(packet(frame), int(frame * PERIOD_NS))
    assert stream.figures(10 * NS_PER_S).fps == 0


def test_a_flood_is_not_kept_and_its_rate_is_right() -> None:
    stream = Stream()
    for number in range(10_000):
        stream.add(packet(1), number * NS_PER_MS)
    assert len(stream._times) <= 2048
    assert stream.figures(10_000 * NS_PER_MS).fps == pytest.approx(1000, rel=1e-3)
