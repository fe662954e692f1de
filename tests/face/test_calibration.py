from __future__ import annotations

import numpy as np
import pytest

from visaged.config.response import CurveResponse
from visaged.curves import INDEX
from visaged.face.calibration import RANGES, CalibrationError, applied, movement, neutral

FPS = 60.0


def take(seconds: float = 10, **curves: float) -> np.ndarray:
    made = np.zeros((round(seconds * FPS), 61), np.float32)
    for name, value in curves.items():
        made[:, INDEX[name]] = value
    return made


def speech(**largest: float) -> np.ndarray:
    """Each curve rises and falls evenly up to its largest value."""
    made = take()
    wave = 0.5 - 0.5 * np.cos(np.arange(len(made)) / 7)
    for name, value in largest.items():
        made[:, INDEX[name]] = value * wave
    return made


def test_what_is_not_zero_at_rest_gets_an_offset() -> None:
    (change,) = neutral(take(MouthSmileLeft=0.08, EyeBlinkLeft=0.3, BrowInnerUp=0.01), FPS, {})
    assert change.curve == "MouthSmileLeft"
    assert change.after.offset == pytest.approx(-0.08)


def test_offsets_add_up_and_are_bounded() -> None:
    scale = {"MouthSmileLeft": CurveResponse(offset=-0.1, gain=1.5)}
    (change,) = neutral(take(MouthSmileLeft=0.9), FPS, scale)
    assert change.after == CurveResponse(offset=-0.4, gain=1.5)


def test_somebody_who_speaks_is_no_rest() -> None:
    with pytest.raises(CalibrationError, match="somebody spoke"):
        neutral(speech(JawOpen=0.4), FPS, {})


def test_a_small_mouth_grows_to_a_persons_at_most_doubled() -> None:
    changes = {change.curve: change for change in movement(speech(JawOpen=0.25, MouthFunnel=0.05), FPS, {})}
    assert changes["JawOpen"].measured * changes["JawOpen"].after.gain == pytest.approx(RANGES["JawOpen"], abs=0.01)
    assert changes["MouthFunnel"].after.gain == 2.0
    assert set(changes) == {"JawOpen", "MouthFunnel"}


def test_gain_counts_from_what_is_in_force_for_the_curve_or_its_region() -> None:
    scale = {"jaw": CurveResponse(gain=0.5), "brows": CurveResponse(gain=0.1)}
    (change,) = movement(speech(JawOpen=0.2), FPS, scale)
    assert change.before.gain == 0.5
    assert change.after.gain == pytest.approx(0.5 * RANGES["JawOpen"] / change.measured, abs=0.01)
    assert applied(scale, [change]) == {**scale, "JawOpen": change.after}


def test_a_mouth_that_is_as_it_should_be_stays() -> None:
    assert movement(speech(JawOpen=RANGES["JawOpen"]), FPS, {}) == []


def test_silence_is_no_range_and_a_short_take_is_none() -> None:
    with pytest.raises(CalibrationError, match="nobody spoke"):
        movement(take(), FPS, {})
    with pytest.raises(CalibrationError, match=r"has 2\.0 s; 5 s or more"):
        movement(speech(JawOpen=0.3)[:120], FPS, {})
