from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from pydantic import ValidationError

from visaged.config import IFacialMocapSettings, LiveLinkSettings, VmcSettings
from visaged.config.outputs import LiveLinkTarget, parse_livelink_target


def test_a_target_may_have_its_own_subject_and_rate() -> None:
    assert parse_livelink_target("pc:1") == LiveLinkTarget("pc:1", None, None)
    assert parse_livelink_target("pc:1?subject=my face&fps=29.97") == LiveLinkTarget(
        "pc:1", "my face", Fraction(30000, 1001)
    )


@pytest.mark.parametrize(
    "target", ["pc", "pc:1?", "pc:1?subject", "pc:1?subject=", "pc:1?rate=30", "pc:1?fps=30&fps=30", "pc:1?fps=300"]
)
def test_what_is_no_target_is_refused_with_what_is_accepted(target: str) -> None:
    with pytest.raises(ValidationError, match="expected"):
        LiveLinkSettings(targets=[target])


def test_a_target_cannot_be_faster_than_the_face() -> None:
    with pytest.raises(ValidationError, match="wants more than fps = 30"):
        LiveLinkSettings(targets=["pc:1?fps=60"], fps=30)


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        (VmcSettings, {"names": "Pascal"}),
        (VmcSettings, {"rate": 1}),
        (VmcSettings, {"rate": "often"}),
        (VmcSettings, {"targets": ["pc:39539"] * 9}),
        (VmcSettings, {"targets": ["pc"]}),
        (IFacialMocapSettings, {"version": 3}),
        (IFacialMocapSettings, {"targets": ["pc:0"]}),
    ],
)
def test_other_protocols_refuse_what_they_cannot_send(kind: type[VmcSettings], wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        kind(**wrong)


def test_rates_of_vmc() -> None:
    assert VmcSettings().rate == "fps"
    assert VmcSettings(rate=30).rate == 30
