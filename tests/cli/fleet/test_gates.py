from __future__ import annotations

from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visaged.cli.fleet.boxes import Box
from visaged.cli.fleet.gates import Rates, read_rate, worse
from visaged.cli.fleet.messages import BadMessage
from visaged.control.protocol.health_model import BoxStatus, Health

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)


def box(
    state: str, fps: float | None = 60.0, p95_ms: float | None = 40.0, problem: str = "", lookahead_ms: float = 40.0
) -> Box:
    problems = [{"code": problem, "since": NOW, "message": "m", "remedy": "r"}] if problem else []
    health = Health.model_validate(
        {"state": "online", "time": NOW, "uptime_s": 1.0, "version": "1", "problems": problems}
        | {"livelink": {"fps": fps}, "latency": {"voice_to_packet_p95_ms": p95_ms}}
        | {"solver": {"lookahead_ms": lookahead_ms}}
    )
    return Box("b", BoxStatus.model_validate({"state": state, "session": "s", "since": NOW, "version": "1"}), health)


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        (box("online"), box("online"), ""),
        (box("degraded", problem="old"), box("degraded", problem="old"), ""),
        (box("online"), box("offline"), "is offline"),
        (box("online"), box("degraded"), "is degraded"),
        (box("online"), box("online", problem="hot"), "hot"),
        (box("online"), box("online", fps=50.0), "50.0 frames"),
        (box("online"), box("online", fps=-3.0), "-3.0 frames"),
        (box("online"), box("online", p95_ms=70.0), "late by 70 ms"),
        (box("online", p95_ms=4.0), box("online", p95_ms=9.0), ""),
        (box("online", None, None), box("online", None, None), ""),
        (box("online"), Box("b", box("online").status), ""),
        (Box("b", box("online").status), box("online"), ""),
        # What a look-ahead was asked for is late by as much.
        (box("online"), box("online", p95_ms=80.0, lookahead_ms=80.0), ""),
        (box("online"), box("online", p95_ms=125.0, lookahead_ms=80.0), "expected 80 ms"),
        (box("online", p95_ms=80.0, lookahead_ms=80.0), box("online", p95_ms=40.0), ""),
    ],
)
def test_what_counts_as_worse(before: Box, now: Box, said: str) -> None:
    assert said in worse(before, now)
    assert bool(said) == bool(worse(before, now))


@pytest.mark.parametrize(
    ("before_fps", "now_fps", "rates", "said"),
    [
        (60.0, 30.0, Rates(60, 30), ""),
        (60.0, 28.6, Rates(60, 30), ""),
        (60.0, 28.0, Rates(60, 30), "sends 28.0 frames per second, expected 30.0"),
        (30.0, 60.0, Rates(30, 60), ""),
        (30.0, 50.0, Rates(30, 60), "expected 60.0"),
        (30.0, 30.0, Rates(30, 60), "expected 60.0"),
        (50.0, 25.0, Rates(60, 30), ""),  # it was slow before
        (50.0, 23.0, Rates(60, 30), "expected 25.0"),
        (60.0, 60.0, Rates(60, 60), ""),
        (None, 28.0, Rates(60, 30), "expected 30.0"),
    ],
)
def test_the_rate_is_judged_by_the_new_setting(
    before_fps: float | None, now_fps: float, rates: Rates, said: str
) -> None:
    found = worse(box("online", before_fps, None), box("online", now_fps, None), rates)
    assert said in found
    assert bool(said) == bool(found)


def test_a_lower_rate_is_later_by_the_longer_period() -> None:
    assert worse(box("online", p95_ms=20.0), box("online", 24.0, p95_ms=50.0), Rates(60, 24)) == ""
    assert worse(box("online", p95_ms=20.0), box("online", 24.0, p95_ms=90.0), Rates(60, 24)) != ""


@pytest.mark.parametrize(("value", "rate"), [(60, 60.0), ("30000/1001", 29.97), ("50", 50.0)])
def test_a_rate_as_a_box_writes_it(value: object, rate: float) -> None:
    assert read_rate(value) == pytest.approx(rate, abs=0.01)


@pytest.mark.parametrize(
    "value",
    [None, True, 0, 1000, "", "1e300000000", "1" * 10_000_000, "1/0", "-60", [], {"a": 1}, 1 << 100_000],
    ids=lambda value: type(value).__name__,
)
def test_a_rate_that_is_none_is_refused_at_once(value: object) -> None:
    with pytest.raises(BadMessage, match=r"^livelink\.fps is "):
        read_rate(value)


@given(st.none() | st.text() | st.integers() | st.floats() | st.lists(st.text()))
def test_any_rate_is_read_or_refused(value: object) -> None:
    try:
        assert 23 < read_rate(value) <= 120
    except BadMessage as error:
        assert str(error).isprintable()
