from __future__ import annotations

import time

import pytest

from visaged.config import Settings
from visaged.doctor import machine


def test_a_clock_that_lost_its_battery(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 3600.0)
    finding = next(found for found in machine.check(Settings()) if found.subject == "clock")
    assert finding.verdict == "fail"
    assert "before this program was made" in finding.text
    assert "set-ntp" in finding.remedy
