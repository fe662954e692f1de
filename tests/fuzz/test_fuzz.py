"""Some hundred inputs per format; ``make fuzz`` does it for minutes. The corpus holds what was found before."""

from __future__ import annotations

import logging

import pytest

from tests.fuzz.driver import Format, fuzz
from tests.fuzz.formats import FORMATS

# Files are written for some, which takes a millisecond.
_INPUTS = 300


@pytest.mark.parametrize("target", FORMATS.values(), ids=str)
def test_no_input_gets_through(target: Format, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    finding = fuzz(target, lambda count: count < _INPUTS, seed=1)
    assert finding is None, f"{target.name}: {finding.data[:200]!r}\n{finding.trace}"


def test_a_format_that_lets_one_through_is_found() -> None:
    def check(data: bytes) -> None:
        assert b"\x00" not in data

    finding = fuzz(Format("example", (b"good",), check), lambda count: count < 2000, seed=1)
    assert finding is not None
    assert b"\x00" in finding.data
