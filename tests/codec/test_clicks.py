"""The detector must see what it is there for."""

from __future__ import annotations

import numpy as np
import pytest

from tests.codec.clicks import find_clicks

TONE = (0.1 * np.sin(2 * np.pi * 511 * np.arange(24_000) / 24_000)).astype(np.float32)


def test_a_tone_and_silence_do_not_click() -> None:
    assert find_clicks(TONE) == []
    assert find_clicks(np.zeros(24_000, np.float32)) == []


@pytest.mark.parametrize("step", [0.01, -0.1])
def test_a_step_clicks(step: float) -> None:
    broken = TONE.copy()
    broken[12_000:] += step
    assert any(abs(at - 12_000) < 8 for at in find_clicks(broken))


def test_a_hole_and_a_cut_click() -> None:
    hole = TONE.copy()
    hole[12_010:13_930] = 0
    assert find_clicks(hole)
    cut = np.concatenate([TONE[:12_010], TONE[12_030:]])
    assert find_clicks(cut)
