"""One clip on the timeline: fades without jumps, frames at their time, what each blend mode does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.capsules.fakes import ms, request
from tests.capsules.making import JAW, SMILE, capsule
from visaged.capsules.playing.active_clip import MIN_FADE_NS, ActiveClip, scratch_pair
from visaged.curves import COUNT, Pose


def _playing(start_ns: int = 0, weight: float = 1.0, tempo: float = 1.0, **fields: Any) -> ActiveClip:
    return ActiveClip(request(capsule(**fields), weight=weight, tempo=tempo), start_ns, 1)


def _blend(playing: ActiveClip, time_ns: int, under: float = 0.0) -> Pose:
    pose = np.full(COUNT, under, np.float32)
    playing.blend(pose, time_ns, *scratch_pair())
    return pose


def test_it_fades_in_holds_and_fades_out() -> None:
    playing = _playing(start_ns=ms(100), fade_in_ms=100, fade_out_ms=200)
    assert playing.gain(ms(99)) == 0
    assert playing.gain(ms(100)) == 0
    assert playing.gain(ms(150)) == pytest.approx(0.5)
    assert playing.gain(ms(200)) == 1
    assert playing.gain(ms(899)) == pytest.approx(1, abs=1e-3)
    assert playing.gain(ms(1000)) == pytest.approx(0.5)
    assert playing.gain(ms(1100)) == pytest.approx(0, abs=1e-9)
    assert playing.end_ns == ms(1100)


def test_even_without_fades_it_is_no_hard_cut() -> None:
    playing = _playing(fade_in_ms=0, fade_out_ms=0)
    assert playing.gain(MIN_FADE_NS // 2) == pytest.approx(0.5, abs=1e-6)


def test_stopping_starts_from_where_it_is() -> None:
    playing = _playing(fade_in_ms=400, fade_out_ms=100)
    before = playing.gain(ms(200))
    playing.stop(ms(200), ms(100))
    assert playing.gain(ms(200)) == pytest.approx(before)
    assert playing.gain(ms(250)) < before
    assert playing.end_ns == ms(300)


def test_a_quicker_stop_shortens_a_fade_without_a_jump() -> None:
    playing = _playing(cid="CID_A", fade_in_ms=0)
    playing.stop(ms(1000), ms(1000))
    before = playing.gain(ms(1500))
    playing.stop(ms(1500), ms(100))
    assert playing.gain(ms(1500)) == pytest.approx(before, abs=1e-6)
    assert playing.end_ns is not None
    assert playing.end_ns <= ms(1601)
    playing.stop(ms(1500), ms(5000))  # an earlier end stands
    assert playing.end_ns <= ms(1601)


def test_a_loop_runs_round_without_a_seam() -> None:
    curves = capsule("CID_A").curves
    assert curves is not None
    curves[:, JAW] = 0.5 + 0.4 * np.sin(2 * np.pi * np.arange(60) / 60)
    loop = capsule("CID_A", fade_in_ms=0)
    playing = ActiveClip(request(type(loop)(loop.header, curves)), 0, 1)
    assert playing.end_ns is None
    values = [float(_blend(playing, ms(100 + t * 5))[JAW]) for t in range(1000)]
    assert np.abs(np.diff(values)).max() < 0.02
    assert values[0] == pytest.approx(values[200], abs=1e-3)


def test_frames_come_at_their_time_and_between_them_linearly() -> None:
    one = capsule(frames=60, fade_in_ms=0, fade_out_ms=0)
    assert one.curves is not None
    one.curves[:, JAW] = np.arange(60) / 64
    playing = ActiveClip(request(one), 0, 1)
    for frame in (10, 30, 50):
        exact = frame * 1_000_000_000 // 60
        assert _blend(playing, exact)[JAW] == pytest.approx(frame / 64, abs=1e-4)
        assert _blend(playing, exact + 8_333_333)[JAW] == pytest.approx((frame + 0.5) / 64, abs=1e-4)


def test_tempo_shortens_it() -> None:
    playing = _playing(tempo=2.0)
    assert playing.end_ns == ms(500)


def test_a_voice_keeps_its_own_tempo() -> None:
    assert _playing(cid="VL_A", tempo=2.0).end_ns == ms(1000)


def test_aborting_ends_at_two_fifths() -> None:
    playing = _playing(fade_out_ms=100)
    playing.abort()
    assert playing.gain(ms(399)) == pytest.approx(1)
    assert playing.end_ns == ms(500)


@pytest.mark.parametrize(
    ("mode", "value", "weight", "under", "expected"),
    [
        ("additive", 0.25, 1.0, 0.25, 0.5),
        ("additive", 0.25, 2.0, 0.25, 0.75),
        ("override", 0.75, 1.0, 0.25, 0.75),
        ("override", 0.75, 0.5, 0.25, 0.5),
        ("override", 0.75, 2.0, 0.25, 0.75),
        ("multiply", 0.5, 1.0, 0.5, 0.25),
        ("multiply", 0.5, 0.5, 0.5, 0.375),
        ("multiply", 2.0, 1.0, 0.25, 0.5),
    ],
)
def test_blend_modes(mode: str, value: float, weight: float, under: float, expected: float) -> None:
    playing = _playing(value=value, weight=weight, blend_mode=mode)
    assert _blend(playing, ms(500), under)[JAW] == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("mode", ["additive", "override", "multiply"])
def test_a_mask_leaves_the_rest_alone(mode: str) -> None:
    mask = np.zeros(COUNT, np.uint8)
    mask[JAW] = 1
    one = capsule(value=0.5, blend_mode=mode, mask=mask)
    assert one.curves is not None
    one.curves[:, SMILE] = 0.9
    pose = _blend(ActiveClip(request(one), 0, 1), ms(500), 0.25)
    assert pose[SMILE] == np.float32(0.25)
    assert pose[JAW] != np.float32(0.25)


def test_a_changed_weight_moves_gradually() -> None:
    playing = _playing(weight=0.2)
    _blend(playing, ms(500))
    playing.target_weight = 1.0
    first = _blend(playing, ms(517))[JAW]
    assert 0.1 < first < 0.2
    for tick in range(10):
        _blend(playing, ms(534 + 17 * tick))
    assert playing.weight == 1.0
