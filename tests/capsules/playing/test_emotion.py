"""The emotion state: momentum, decay in time, clamping, re-centring; and the face that it makes."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.capsules.making import JAW, SMILE, capsule, neutral
from visaged.capsules.errors import CapsuleError
from visaged.capsules.file import capsule as capsule_format
from visaged.capsules.file.capsule import Capsule
from visaged.capsules.file.header import ExpressedEmotion
from visaged.capsules.library.catalogue import Entry
from visaged.capsules.library.library import entry_of
from visaged.capsules.playing.emotion import DECAY_S, EmotionState, Vector
from visaged.capsules.playing.emotion_blend import EmotionBlend, EmotionBlendPicker
from visaged.clock import NS_PER_S
from visaged.curves import Pose

HAPPY: Vector = (1.0, 0.5, 0.0)
UNIT = st.floats(-1, 1)


def test_an_event_moves_it_by_three_tenths() -> None:
    assert EmotionState().pushed(HAPPY, 0).vector == pytest.approx((0.3, 0.15, 0.0))


def test_it_decays_in_time_not_per_message() -> None:
    state = EmotionState().pushed(HAPPY, 0, momentum=0.0)
    third = state.at(int(DECAY_S * NS_PER_S))
    assert third[0] == pytest.approx(0.368, abs=1e-3)
    assert state.at(int(DECAY_S * NS_PER_S)) == third  # asking changes nothing


def test_it_falls_back_to_the_personality_within_eleven_seconds() -> None:
    state = EmotionState(baseline=(0.2, -0.1, 0.0)).pushed(HAPPY, 0, momentum=0.0)
    assert state.at(10 * NS_PER_S)[0] > 0.3
    assert state.at(11 * NS_PER_S) == pytest.approx((0.2, -0.1, 0.0))


def test_nothing_jumps_on_the_way() -> None:
    state = EmotionState().pushed(HAPPY, 0, momentum=0.0)
    values = [state.at(t * NS_PER_S // 60)[0] for t in range(720)]
    assert np.abs(np.diff(values)).max() < 0.01


@given(st.lists(st.tuples(UNIT, UNIT, UNIT), max_size=20))
def test_it_stays_within_bounds(events: list[Vector]) -> None:
    state = EmotionState()
    for index, event in enumerate(events):
        state = state.pushed(event, index * 1000)
        assert all(-1 <= value <= 1 for value in state.vector)


def _picker(*capsules: Capsule) -> EmotionBlendPicker:
    by_hash: dict[str, Capsule] = {}
    entries = []
    for one in capsules:
        data = capsule_format.encode(one)
        entry = entry_of(data, f"{one.header.cid}.capsule", "p")
        by_hash[entry.sha256] = one
        entries.append(entry)

    def read(entry: Entry) -> Capsule:
        if "BROKEN" in entry.cid:
            raise CapsuleError(entry.cid, "file", "is damaged")
        return by_hash[entry.sha256]

    picker = EmotionBlendPicker(read)
    picker.learn(entries)
    return picker


def _felt(cid: str, vector: Vector, curve: int = JAW, **fields: object) -> Capsule:
    emotion = ExpressedEmotion(valence=vector[0], arousal=vector[1], dominance=vector[2])
    return capsule(cid, value=0.5, curve=curve, emotion=emotion, **fields)


def test_the_three_nearest_blend_by_inverse_distance() -> None:
    picker = _picker(
        _felt("VF_A", (1, 0, 0)),
        _felt("VF_B", (0, 0, 0), SMILE),
        _felt("VF_C", (-1, 0, 0)),
        _felt("VF_D", (-1, -1, -1)),
    )
    parts, pose = picker.pick((0.75, 0, 0))
    assert [cid for cid, _ in parts] == ["VF_A", "VF_B", "VF_C"]
    weights = np.array([1 / 0.251, 1 / 0.751, 1 / 1.751])
    assert [weight for _, weight in parts] == pytest.approx(weights / weights.sum())
    assert pose[SMILE] == pytest.approx(0.5 * weights[1] / weights.sum(), abs=1e-3)


def test_an_exact_match_is_nearly_alone() -> None:
    parts, _ = _picker(neutral(), _felt("VF_A", HAPPY), _felt("VF_B", (-1, 0, 0))).pick((0.0, 0.0, 0.0))
    assert parts[0][0] == "VF_NEUTRAL"
    assert parts[0][1] > 0.99


@pytest.mark.parametrize(
    "passing",
    [
        {"tags": ("gesture",)},
        {"tags": ("micro",)},
        {"loop": True},
        {"blend_mode": "override"},
        {"blend_mode": "multiply"},
    ],
)
def test_passing_movements_are_no_moods(passing: dict[str, object]) -> None:
    parts, _ = _picker(_felt("VF_A", HAPPY, **passing), _felt("VF_B", (-1, 0, 0))).pick(HAPPY)
    assert [cid for cid, _ in parts] == ["VF_B"]


def test_a_damaged_capsule_is_left_out() -> None:
    _, pose = _picker(_felt("VF_BROKEN", HAPPY)).pick(HAPPY)
    assert not pose.any()


def test_nothing_installed_is_no_mood() -> None:
    parts, pose = _picker().pick(HAPPY)
    assert parts == ()
    assert not pose.any()


class _Clock:
    def __init__(self, mood: EmotionBlend) -> None:
        self.mood, self.tick = mood, 0

    def step(self, seconds: float = 0.0) -> Pose:
        for _ in range(max(round(seconds * 60), 1)):
            pose = np.zeros(61, np.float32)
            self.mood.apply(pose, self.tick * NS_PER_S // 60)
            self.tick += 1
        return pose


def test_it_is_picked_again_only_when_it_moved() -> None:
    asked: list[Vector] = []
    mood = EmotionBlend(asked.append, random.Random(1))
    clock = _Clock(mood)
    clock.step(1)
    assert asked == [(0.0, 0.0, 0.0)]
    mood.state = EmotionState().pushed((0.05, 0, 0), clock.tick * NS_PER_S // 60, momentum=0.0)
    clock.step(1)
    assert len(asked) == 1
    mood.state = EmotionState().pushed((0.9, 0, 0), clock.tick * NS_PER_S // 60, momentum=0.0)
    clock.step(12)
    assert asked[1][0] == pytest.approx(0.9)
    assert asked[-1] == (0.0, 0.0, 0.0)
    assert 8 <= len(asked) <= 12  # about one per tenth on the way back


def test_the_face_eases_to_it_and_lives_within_bounds() -> None:
    mood = EmotionBlend(lambda _: None, random.Random(1))
    clock = _Clock(mood)
    clock.step()
    target = np.zeros(61, np.float32)
    target[JAW] = 0.5
    mood.set_target(target)
    values = [float(clock.step()[JAW]) for _ in range(1200)]
    assert values[0] < 0.06  # a tenth of the way
    assert np.abs(np.diff(values)).max() < 0.06
    settled = values[120:]
    assert 0.5 * 0.88 <= min(settled) < 0.49
    assert 0.51 < max(settled) <= 0.5 * 1.12
