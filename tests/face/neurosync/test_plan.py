from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visaged.face.neurosync.pace import Pace, Verdict
from visaged.face.neurosync.plan import FRAME_MS, MAX_HOP, MIN_HOP, PROMPT_MS, Plan, plan_for, plan_of


@given(st.floats(0.1, 2000))
def test_a_plan_has_room_for_what_a_window_takes(window_ms: float) -> None:
    plan = plan_for(window_ms)
    if plan is None:
        assert window_ms > 600
        return
    assert MIN_HOP <= plan.hop <= MAX_HOP
    assert 1.25 * window_ms < plan.wait * FRAME_MS <= plan.hop * FRAME_MS
    assert plan.lookahead == plan.context + plan.hop + plan.wait < 128


@pytest.mark.parametrize(("window_ms", "lookahead_ms"), [(5, 118), (38, 184), (410, 1201)])
def test_a_quick_box_hears_less_far_ahead(window_ms: float, lookahead_ms: float) -> None:
    plan = plan_for(window_ms)
    assert plan is not None
    assert plan.lookahead_ms == pytest.approx(lookahead_ms, abs=1)


def test_a_box_that_solves_in_38_ms_is_prompt() -> None:
    plan = plan_for(38)
    assert plan is not None
    assert plan.lookahead_ms <= PROMPT_MS


def test_a_hop_that_is_asked_for_is_kept_to() -> None:
    assert (plan_of(50).hop, plan_of(100).hop, plan_of(800).hop) == (3, 6, 48)


def pace_of(window_ms: float) -> Pace:
    plan = plan_for(window_ms)
    assert plan is not None
    return Pace(plan)


def run(pace: Pace, window_ms: float, seconds: float, *, quiet: bool = True) -> list[Verdict]:
    """What is said while every window takes ``window_ms``, without the GO_ONs."""
    said, left_ms = [], seconds * 1000
    while left_ms > 0:
        left_ms -= pace.plan.hop * FRAME_MS
        verdict = pace.answered(window_ms, quiet=quiet)
        if verdict is not Verdict.GO_ON:
            said.append(verdict)
    return said


def test_as_quick_as_measured_nothing_changes() -> None:
    assert run(pace_of(100), 110, 300) == []


def test_one_hiccup_is_none_and_lateness_widens() -> None:
    pace = pace_of(100)
    before = pace.plan.hop
    assert run(pace, 1000, 0.1) == []
    assert run(pace, 100, 10) == []
    assert run(pace, 180, 10) == [Verdict.WIDER]
    assert pace.plan.hop > before
    assert run(pace, 180, 300) == []


def test_narrower_only_after_a_calm_minute_without_speech_and_when_it_is_worth_it() -> None:
    pace = Pace(Plan(24, 24))
    assert run(pace, 100, 50) == []
    assert run(pace, 100, 60, quiet=False) == []
    assert run(pace, 100, 1) == [Verdict.NARROWER]
    assert pace.plan == plan_for(100)
    assert run(Pace(Plan(10, 10)), 100, 300) == []


def test_beyond_the_widest_hop_it_gives_up() -> None:
    assert run(pace_of(550), 900, 10)[0] is Verdict.TOO_SLOW
