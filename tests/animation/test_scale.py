from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.animation.rendering import pose_of
from visaged.animation.scale import Scale
from visaged.config.response import CurveResponse
from visaged.config.schema import FaceSettings
from visaged.curves import COUNT, CURVES, INDEX, Pose


def scaled(scale: dict[str, Any], pose: Pose) -> Pose:
    stage = Scale()
    stage.configure(FaceSettings(scale=scale).scale)
    result = pose.copy()
    stage.apply(result, 0)
    return result


def test_factors_of_regions_and_curves_and_the_curve_counts() -> None:
    pose = pose_of(BrowInnerUp=0.4, BrowDownLeft=0.4, JawOpen=0.2, MouthFunnel=0.3)
    result = scaled({"BrowInnerUp": 1.5, "brows": 0.5, "JawOpen": 2.0}, pose)
    assert np.array_equal(result, pose_of(BrowInnerUp=0.6, BrowDownLeft=0.2, JawOpen=0.4, MouthFunnel=0.3))


def test_new_responses_replace_the_old_ones() -> None:
    scale = Scale()
    scale.configure({"jaw": CurveResponse(gain=0.0, offset=0.3, min=0.1, max=0.5, gamma=2.0)})
    scale.configure({})
    pose = pose_of(JawOpen=0.2)
    scale.apply(pose, 0)
    assert np.array_equal(pose, pose_of(JawOpen=0.2))


def test_an_unknown_name_is_refused_and_changes_nothing() -> None:
    scale = Scale()
    scale.configure({"jaw": CurveResponse(gain=0.5)})
    with pytest.raises(KeyError, match="JawOpne"):
        scale.configure({"JawOpne": CurveResponse(gain=2.0)})
    pose = pose_of(JawOpen=0.2)
    scale.apply(pose, 0)
    assert pose.max() == pytest.approx(0.1)


def test_every_step_of_a_response_in_its_order() -> None:
    pose = pose_of(JawOpen=0.25, HeadYaw=-0.25, MouthFunnel=0.25)
    result = scaled({"JawOpen": {"gain": 0.5, "offset": 0.1, "gamma": 0.5}, "HeadYaw": {"gamma": 0.5}}, pose)
    assert result == pytest.approx(pose_of(JawOpen=0.35, HeadYaw=-0.5, MouthFunnel=0.25))


def test_the_limits_of_one_curve_hold_for_that_curve_only() -> None:
    result = scaled({"JawOpen": {"max": 0.6}, "MouthClose": {"min": 0.1}}, np.ones(COUNT, np.float32))
    assert result[INDEX["JawOpen"]] == np.float32(0.6)
    assert (np.delete(result, INDEX["JawOpen"]) == 1.0).all()
    assert scaled({"MouthClose": {"min": 0.1}}, pose_of())[INDEX["MouthClose"]] == np.float32(0.1)


RESPONSES = st.builds(
    lambda gain, offset, limits, gamma: CurveResponse(
        gain=gain, offset=offset, min=limits[0], max=limits[1], gamma=gamma
    ),
    st.floats(0, 4),
    st.floats(-1, 1),
    st.tuples(st.floats(-1, 1), st.floats(-1, 1)).map(sorted),
    st.floats(0.1, 10),
)
VALUES = st.floats(-1, 1, width=32)


@given(st.sampled_from(CURVES), RESPONSES, VALUES, VALUES)
def test_a_response_is_bounded_and_never_turns_a_movement_round(
    name: str, response: CurveResponse, one: float, other: float
) -> None:
    low, high = (scaled({name: response}, pose_of(**{name: value})) for value in sorted((one, other)))
    index = INDEX[name]
    assert low[index] <= high[index] or low[index] == pytest.approx(high[index], abs=1e-6)
    # The animator holds every curve within -1..1 anyhow.
    assert np.float32(response.min) <= np.clip(low[index], -1, 1) <= np.float32(response.max)
    assert not np.delete(low, index).any()


@given(st.sampled_from(CURVES), st.floats(0, 4), VALUES)
def test_a_plain_number_is_the_gain_of_a_response(name: str, gain: float, value: float) -> None:
    pose = pose_of(**{name: value})
    assert np.array_equal(scaled({name: gain}, pose), scaled({name: {"gain": gain}}, pose))
    assert np.array_equal(
        scaled({name: gain}, pose), pose * np.where(pose != 0, np.float32(gain), 1).astype(np.float32)
    )


@given(st.dictionaries(st.sampled_from(CURVES), RESPONSES, max_size=5))
def test_settings_written_out_read_back_the_same(responses: dict[str, CurveResponse]) -> None:
    face = FaceSettings(scale=responses)
    assert FaceSettings.model_validate_json(face.model_dump_json()) == face
    assert FaceSettings.model_validate(face.model_dump(mode="json")) == face


def test_a_gain_alone_is_written_as_a_number_and_what_is_as_it_comes_not_at_all() -> None:
    face = FaceSettings(scale={"jaw": 0.5, "brows": {"gain": 0.5}, "JawOpen": {"gamma": 0.8}, "nose": {}})  # type: ignore[dict-item]
    assert face.model_dump()["scale"] == {"jaw": 0.5, "brows": 0.5, "JawOpen": {"gamma": 0.8}, "nose": 1.0}
