"""The player on a simulated clock: exact frames, order of layers, merging, replacing, chance, lines, limits."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from tests.capsules.fakes import Stage, ms, request
from tests.capsules.making import JAW, SMILE, capsule
from visaged.capsules.file.capsule import Capsule
from visaged.capsules.file.header import Trigger, VoiceRequirement
from visaged.capsules.playing.gestures import Recurring
from visaged.capsules.playing.player import MAX_PENDING, MAX_PER_TICK, MAX_PLAYING, MAX_QUEUED
from visaged.curves import Pose


def _jaw(poses: Pose) -> Pose:
    return poses[:, JAW]


def _first(poses: Pose) -> int:
    """The first tick at which the jaw is not at rest."""
    return int(np.argmax(_jaw(poses) != 0))


@pytest.mark.parametrize("delay_ms", [0, 100, 333, 1000])
def test_a_capsule_starts_at_the_tick_that_was_asked_for(delay_ms: int) -> None:
    stage = Stage()
    at_ns = stage.now_ns + ms(delay_ms)
    stage.play(capsule(), at_ns=at_ns)
    poses = stage.run(1200)
    expected = next(tick for tick in range(200) if stage.schedule.time_ns(tick) > at_ns)
    assert _first(poses) == expected


def test_asked_for_between_ticks_the_next_packet_differs() -> None:
    stage = Stage()
    stage.run(100)
    stage.play(capsule(), at_ns=stage.now_ns - ms(3))
    assert stage.step()[JAW] > 0


def test_it_ends_and_its_lease_is_given_back() -> None:
    stage = Stage()
    stage.play(capsule())
    assert _jaw(stage.run(900)).max() == pytest.approx(0.5, abs=1e-3)
    assert not stage.side_effects.released
    assert _jaw(stage.run(300))[-5:].max() == 0
    assert stage.side_effects.released == ["key of VF_TEST"]
    assert [notice["kind"] for notice in stage.side_effects.notices] == ["capsule_start", "capsule_end"]


def test_base_lies_under_mood_under_the_rest() -> None:
    stage = Stage()
    mood = np.zeros(61, np.float32)
    mood[JAW] = 0.4
    stage.mood.set_target(mood)
    stage.play(capsule("CID_A", value=0.5, blend_mode="override"))
    stage.play(capsule("VF_HALF", value=0.5, blend_mode="multiply"))
    # The override of the base does not hide the mood, and the factor takes both: (0.5 + 0.4) / 2.
    assert _jaw(stage.run(700))[-1] == pytest.approx(0.45, abs=0.03)


@pytest.mark.parametrize(
    ("low", "high"),
    [
        ({"priority": 3}, {"priority": 7}),
        ({"priority": 5}, {"priority": 5}),  # recency: high comes second
    ],
)
def test_what_wins_hides_what_loses(low: dict[str, Any], high: dict[str, Any]) -> None:
    stage = Stage()
    stage.play(capsule("VF_LOW", value=0.2, blend_mode="override", **low))
    stage.run(50)
    stage.play(capsule("VF_HIGH", value=0.8, blend_mode="override", **high))
    assert _jaw(stage.run(300))[-1] == pytest.approx(0.8, abs=1e-3)


def test_a_later_one_of_lower_priority_loses() -> None:
    stage = Stage()
    stage.play(capsule("VF_HIGH", value=0.8, blend_mode="override", priority=7))
    stage.run(50)
    stage.play(capsule("VF_LOW", value=0.2, blend_mode="override", priority=3))
    assert _jaw(stage.run(300))[-1] == pytest.approx(0.8, abs=1e-3)


def test_additive_ones_add() -> None:
    stage = Stage()
    stage.play(capsule("VF_A", value=0.2), capsule("VF_B", value=0.3))
    assert _jaw(stage.run(400))[-1] == pytest.approx(0.5, abs=1e-3)


def test_starts_within_50_ms_share_a_frame() -> None:
    stage = Stage()
    now = stage.now_ns
    stage.play(capsule("VF_A"), at_ns=now + ms(200))
    stage.play(capsule("VF_B", curve=SMILE), at_ns=now + ms(245))
    stage.play(capsule("VF_C", curve=SMILE + 1), at_ns=now + ms(260))
    poses = stage.run(600)
    starts = [int(np.argmax(poses[:, curve] != 0)) for curve in (JAW, SMILE, SMILE + 1)]
    assert starts[0] == starts[1]
    assert starts[2] > starts[0]
    assert stage.player.timeline.merged == 1


def test_the_same_capsule_twice_at_once_is_one() -> None:
    stage = Stage()
    stage.play(capsule(), weight=0.4)
    stage.play(capsule(), weight=0.8)
    assert _jaw(stage.run(500))[-1] == pytest.approx(0.4, abs=1e-2)  # 0.8 of 0.5
    assert stage.side_effects.released == ["key of VF_TEST"]


@pytest.mark.parametrize("pair", [("VF_A", "VF_A"), ("CID_A", "CID_B")])
def test_replacing_is_a_cross_fade(pair: tuple[str, str]) -> None:
    stage = Stage()
    stage.play(capsule(pair[0], frames=240, fade_in_ms=100, fade_out_ms=100))
    first = _jaw(stage.run(700))
    stage.play(capsule(pair[1], frames=240, fade_in_ms=100, fade_out_ms=100))
    second = _jaw(stage.run(700))
    whole = np.concatenate([first[20:], second])
    assert whole.min() > 0.49
    assert whole.max() < 0.51
    assert len(stage.player.playing) == 1


def test_stopping_fades_and_withdraws() -> None:
    stage = Stage()
    running, pending = stage.play(capsule("VF_A", frames=600)), None
    stage.run(500)
    pending = stage.play(capsule("VF_B", value=0.9), at_ns=stage.now_ns + ms(300))
    stage.player.stop(lambda playing: playing.ticket in (running[0], pending[0]), 200)
    poses = _jaw(stage.run(800))
    assert np.abs(np.diff(poses)).max() < 0.1
    assert poses[-30:].max() == 0
    assert sorted(stage.side_effects.released) == ["key of VF_A", "key of VF_B"]


def test_never_a_jump_whatever_is_asked() -> None:
    stage = Stage()
    generator = random.Random(5)
    everything = [
        capsule(f"VF_{i}", generator.randint(10, 120), 0.3, curve=i, fade_in_ms=60, fade_out_ms=60) for i in range(8)
    ]
    poses = []
    for _ in range(900):
        if generator.random() < 0.15:
            stage.play(generator.choice(everything), weight=generator.random())
        if generator.random() < 0.05:
            stage.player.stop(lambda _: True, 60)
        poses.append(stage.step())
    # 0.3 in 60 ms is 0.125 per tick at the steepest; a stop within a fade multiplies two of them.
    assert np.abs(np.diff(np.array(poses), axis=0)).max() < 0.2


def test_speech_onset_carries_what_leads_and_lags_it() -> None:
    stage = Stage()
    lead = Trigger(relative_to="speech_onset", offset_ms=100)
    stage.play(capsule(), trigger=lead)
    assert _jaw(stage.run(500)).max() == 0  # nobody speaks yet
    onset_ns = stage.now_ns + ms(50)
    stage.player.speech_onset(onset_ns)
    begin = stage.tick
    poses = stage.run(500)
    expected = next(t for t in range(begin, begin + 60) if stage.schedule.time_ns(t) > onset_ns + ms(100))
    assert begin + _first(poses) == expected
    assert stage.player.timeline.unhonoured == 0


def test_a_lead_on_live_speech_starts_at_once_and_is_counted() -> None:
    stage = Stage()
    stage.player.speech_onset(stage.now_ns)
    stage.run(100)
    stage.play(capsule(), trigger=Trigger(relative_to="speech_onset", offset_ms=-180))
    assert _first(stage.run(300)) <= 1
    assert stage.player.timeline.unhonoured == 1


def test_without_speech_it_waits_two_seconds_then_starts() -> None:
    stage = Stage()
    stage.player.speech_onset(stage.now_ns)
    stage.player.speech_end()
    stage.play(capsule(), trigger=Trigger(relative_to="speech_onset", offset_ms=0))
    assert 115 <= _first(stage.run(3000)) <= 123
    assert stage.player.timeline.unhonoured == 1


def test_scene_start_and_previous_capsule() -> None:
    stage = Stage()
    stage.player.scene_start(stage.now_ns + ms(200))
    stage.play(capsule("VF_A", frames=30), trigger=Trigger(relative_to="scene_start", offset_ms=100))
    stage.play(capsule("VF_B", curve=SMILE), trigger=Trigger(relative_to="previous_capsule", offset_ms=150))
    poses = stage.run(2000)
    assert _first(poses) == 19  # 300 ms is tick 18, where it is still 0
    assert int(np.argmax(poses[:, SMILE] != 0)) == 58  # 300 + 500 + 150 ms is tick 57


def _line(lead_ms: int = 50, **fields: Any) -> Capsule:
    return capsule("VL_A", voice=VoiceRequirement(lip_sync_lead_ms=lead_ms), **fields)


def test_a_line_is_handed_out_ahead_in_sync_with_its_lips() -> None:
    stage = Stage()
    stage.play(_line())
    poses = stage.run(500)
    (spoken,) = stage.side_effects.spoken
    lips_ns = stage.schedule.time_ns(_first(poses) - 1)
    assert spoken[1] >= stage.schedule.time_ns(0) + ms(40)  # playback has it in time
    assert spoken[1] - lips_ns == pytest.approx(ms(50), abs=ms(17))


def test_a_prepared_line_waits_for_what_leads_it() -> None:
    stage = Stage()
    lead = request(capsule(), trigger=Trigger(relative_to="speech_onset", offset_ms=-180))
    stage.player.start([request(_line(lead_ms=0, curve=SMILE), at_ns=stage.now_ns), lead])
    poses = stage.run(600)
    (spoken,) = stage.side_effects.spoken
    assert _first(poses) <= 1
    assert spoken[1] == stage.schedule.time_ns(0) + ms(180)
    assert stage.player.timeline.unhonoured == 0


def test_stopping_a_line_stops_its_voice() -> None:
    stage = Stage()
    stage.play(_line())
    stage.run(300)
    stage.player.stop(lambda _: True, 80)
    stage.run(200)
    assert stage.side_effects.hushed == [(stage.side_effects.spoken[0][1], 80)]


def test_cues_go_out_at_their_tick_and_need_no_lease() -> None:
    stage = Stage()
    stage.play(capsule("HF_WAVE"), weight=0.7, at_ns=stage.now_ns + ms(100))
    stage.run(300)
    assert stage.side_effects.cues == [("HF_WAVE", 0.7, stage.schedule.time_ns(6))]


def test_chance_and_jitter_come_from_the_seed() -> None:
    def run(seed: int) -> Pose:
        stage = Stage(seed)
        for _ in range(20):
            stage.play(capsule(), probability=0.5, jitter=0.15, at_ns=stage.now_ns + ms(100))
            stage.run(250)
        return stage.run(1500)

    np.testing.assert_array_equal(run(3), run(3))
    assert not np.array_equal(run(3), run(4))


def test_jitter_stays_within_its_share() -> None:
    stage = Stage()
    peaks = []
    for _ in range(40):
        stage.play(capsule(frames=20), jitter=0.15)
        peaks.append(_jaw(stage.run(600)).max() / 0.5)
    assert 0.84 < min(peaks) < 0.97
    assert 1.03 < max(peaks) < 1.16


def test_probability_zero_gives_the_lease_back() -> None:
    stage = Stage()
    stage.play(capsule(), probability=0.0)
    assert _jaw(stage.run(500)).max() == 0
    assert stage.side_effects.released == ["key of VF_TEST"]


def test_gestures_come_back_until_their_context_ends() -> None:
    stage = Stage()
    template = request(capsule(frames=20), layer="gesture", owner="context", jitter=0.15)
    stage.player.add_gesture(Recurring(template, every_s=1.0))
    moving = _jaw(stage.run(10_000)) > 0.1
    starts = int((np.diff(moving.astype(int)) == 1).sum())
    assert 8 <= starts <= 11
    assert not stage.side_effects.released  # the template's lease is still out
    stage.player.clear_gestures("context")
    assert _jaw(stage.run(1500))[-30:].max() == 0
    assert stage.side_effects.released == ["key of VF_TEST"]


def test_dropping_fades_out_at_once_and_for_good() -> None:
    stage = Stage()
    stage.play(capsule("VF_BAD", frames=600))
    stage.player.add_gesture(Recurring(request(capsule("VF_BAD"), layer="gesture"), every_s=0.5))
    stage.run(300)
    stage.player.drop({"key of VF_BAD"})
    assert _jaw(stage.run(3000))[20:].max() == 0


def test_too_much_is_counted_and_costs_no_more() -> None:
    stage = Stage()
    for i in range(MAX_QUEUED):
        assert not stage.player.full
        stage.play(capsule(f"VF_{i}"))
    assert stage.player.full
    stage.step()
    assert stage.player.started <= MAX_PER_TICK
    stage.run(300)
    assert len(stage.player.playing) == MAX_PLAYING
    assert stage.player.overflow == MAX_QUEUED - MAX_PLAYING
    for i in range(MAX_PENDING + 5):
        stage.play(capsule(f"VF_{i}"), at_ns=stage.now_ns + ms(60_000))
        stage.step()
    assert len(stage.player.timeline.pending) == MAX_PENDING


def test_unfinished_business_is_given_back_exactly_once() -> None:
    """Every lease that went in comes out, whatever happened to it."""
    stage = Stage()
    generator = random.Random(9)
    given: list[str] = []
    for _ in range(600):
        if generator.random() < 0.4:
            one = capsule(f"VF_{generator.randint(0, 30)}", frames=generator.randint(6, 40), fade_in_ms=33)
            stage.play(
                one,
                probability=generator.choice((1.0, 0.5)),
                at_ns=stage.now_ns + ms(generator.randint(-50, 400)),
                trigger=generator.choice((None, Trigger(relative_to="speech_onset"))),
                abort_probability=0.2,
            )
            given.append(f"key of {one.header.cid}")
        if generator.random() < 0.03:
            stage.player.stop(lambda playing: playing.ticket % 2 == 0, 30)
        if generator.random() < 0.02:
            stage.player.speech_onset(stage.now_ns)
        stage.step()
    stage.run(5000)
    assert sorted(stage.side_effects.released) == sorted(given)
