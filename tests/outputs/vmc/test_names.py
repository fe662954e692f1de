from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visaged.curves import COUNT, INDEX
from visaged.outputs.vmc.names import names_of, values_of

CALM = (0.0, 0.0)


def pose(**curves: float) -> list[float]:
    made = [0.0] * COUNT
    for name, value in curves.items():
        made[INDEX[name]] = value
    return made


def preset(mood: tuple[float, float] = CALM, **curves: float) -> dict[str, float]:
    return dict(zip(names_of("vrm0"), values_of("vrm0")(pose(**curves), mood), strict=True))


def test_each_set_has_its_names_in_the_order_of_its_values() -> None:
    assert names_of("pascal")[17] == "JawOpen"
    assert names_of("camel")[17] == "jawOpen"
    assert names_of("vrm0") == (
        *("A", "I", "U", "E", "O", "Blink", "Blink_L", "Blink_R", "Joy", "Angry", "Sorrow", "Fun"),
    )
    assert names_of("vrm1") == (
        *("aa", "ih", "ou", "ee", "oh", "blink", "blinkLeft", "blinkRight", "happy", "angry", "sad", "relaxed"),
    )
    for names in ("pascal", "camel"):
        assert values_of(names)(pose(JawOpen=0.5), CALM)[17] == 0.5
        assert len(values_of(names)(pose(), CALM)) == 52


@pytest.mark.parametrize(
    ("curves", "vowel"),
    [
        ({"JawOpen": 0.45}, "A"),
        ({"MouthStretchLeft": 0.9, "MouthStretchRight": 0.9, "JawOpen": 0.05}, "I"),
        ({"MouthFunnel": 0.5, "MouthPucker": 0.5}, "U"),
        ({"MouthStretchLeft": 0.8, "MouthStretchRight": 0.8, "JawOpen": 0.4}, "E"),
        ({"MouthFunnel": 0.8, "JawOpen": 0.4}, "O"),
    ],
)
def test_a_vowel_is_the_strongest_of_its_mouth(curves: dict[str, float], vowel: str) -> None:
    values = preset(**curves)
    assert max("AIUEO", key=lambda name: values[name]) == vowel


def test_a_closed_mouth_is_no_vowel() -> None:
    assert [preset()[name] for name in "AIUEO"] == [0.0] * 5
    assert [preset(JawOpen=0.3, MouthClose=0.3)[name] for name in "AIUEO"] == [0.0] * 5


def test_eyes_close_together_or_one_by_one() -> None:
    values = preset(EyeBlinkLeft=1.0, EyeBlinkRight=0.25)
    assert (values["Blink"], values["Blink_L"], values["Blink_R"]) == (0.25, 0.75, 0.0)


@pytest.mark.parametrize(
    ("mood", "name"), [((1, 1), "Joy"), ((-1, 1), "Angry"), ((-1, -1), "Sorrow"), ((1, -1), "Fun")]
)
def test_moods_are_the_quarters_of_the_circle(mood: tuple[float, float], name: str) -> None:
    values = preset(mood)
    assert {known: values[known] for known in ("Joy", "Angry", "Sorrow", "Fun") if values[known]} == {name: 1.0}


@given(st.lists(st.floats(0, 1, width=32), min_size=COUNT, max_size=COUNT), st.floats(-1, 1), st.floats(-1, 1))
def test_values_stay_in_their_range_and_the_mouth_moves_once(
    curves: list[float], valence: float, arousal: float
) -> None:
    values = values_of("vrm0")(curves, (valence, arousal))
    assert all(0 <= value <= 1 for value in values)
    assert sum(values[:5]) <= 1 + 1e-6
