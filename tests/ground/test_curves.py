from __future__ import annotations

import numpy as np
import pytest

from visaged.curves import COUNT, CURVES, INDEX, MAXIMUM, MINIMUM, REGIONS, SHAPE_COUNT, indices, make_legal, neutral


def test_the_order_of_the_wire() -> None:
    assert len(CURVES) == len(set(CURVES)) == COUNT == 61
    # The corner stones of EARFaceBlendShape, and the two pairs that app recordings name the wrong way round.
    known = {"EyeBlinkLeft": 0, "EyeBlinkRight": 7, "JawLeft": 15, "JawRight": 16, "JawOpen": 17, "MouthClose": 18}
    known |= {"MouthLeft": 21, "MouthRight": 22, "BrowInnerUp": 43, "TongueOut": 51, "HeadYaw": 52, "RightEyeRoll": 60}
    assert {name: INDEX[name] for name in known} == known
    assert CURVES[SHAPE_COUNT - 1] == "TongueOut"


def test_every_curve_is_in_one_region() -> None:
    assert sorted(index for region in REGIONS.values() for index in region) == list(range(COUNT))


def test_shapes_are_0_to_1_and_angles_minus_1_to_1() -> None:
    assert set(MINIMUM[:SHAPE_COUNT]) == {0.0}
    assert set(MINIMUM[SHAPE_COUNT:]) == {-1.0}
    assert set(MAXIMUM) == {1.0}
    with pytest.raises(ValueError, match="read-only"):
        MINIMUM[0] = 5


def test_a_pose_is_made_legal_in_place() -> None:
    pose = neutral()
    pose[INDEX["JawOpen"]], pose[INDEX["EyeBlinkLeft"]] = 1.5, -0.5
    pose[INDEX["HeadYaw"]], pose[INDEX["HeadRoll"]] = -3.0, -0.25
    assert make_legal(pose)
    assert pose[INDEX["JawOpen"]] == 1.0
    assert pose[INDEX["EyeBlinkLeft"]] == 0.0
    assert pose[INDEX["HeadYaw"]] == -1.0
    assert pose[INDEX["HeadRoll"]] == -0.25


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_a_number_becomes_0_and_is_told(value: float) -> None:
    pose = np.full(COUNT, 0.5, np.float32)
    pose[INDEX["JawOpen"]] = value
    assert not make_legal(pose)
    assert pose[INDEX["JawOpen"]] == 0.0
    assert pose[INDEX["MouthClose"]] == 0.5


def test_names_and_regions_are_looked_up() -> None:
    assert indices("JawOpen") == (17,)
    assert [CURVES[index] for index in indices("jaw")] == ["JawForward", "JawLeft", "JawRight", "JawOpen"]
    with pytest.raises(KeyError, match=r"'JawOpn' is neither a curve .* nor a region .*eyes, jaw, mouth"):
        indices("JawOpn")


def test_neutral_is_new_each_time() -> None:
    neutral()[0] = 1
    assert neutral().max() == 0
    assert neutral().dtype == np.float32
