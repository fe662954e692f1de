from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from visaged.codec.positions import BLOCKED, Positions

CONTEXT = 20
HALF = 8
WEEK = 7 * 24 * 3600 * 25 // 2
"""Steps in seven days."""


def inputs() -> dict[str, NDArray[Any]]:
    return {
        "cos": np.zeros((2, HALF), np.float32),
        "sin": np.zeros((2, HALF), np.float32),
        "mask": np.full((2, CONTEXT + 2), np.nan, np.float32),
    }


def heard(step: int, query: int, ring: bool) -> set[int]:
    """The positions that the mask lets a query of a step hear, by where they lie."""
    arrays = inputs()
    Positions(arrays, ring).write(step)
    position = 2 * step
    found = set()
    for column in np.flatnonzero(arrays["mask"][query] == 0):
        if column >= CONTEXT:
            found.add(position + int(column) - CONTEXT)
        elif ring:
            # The newest position before this step that was written to the slot.
            found.add(position - 1 - (position - 1 - int(column)) % CONTEXT)
        else:
            found.add(position - CONTEXT + int(column))
    return found


@given(st.integers(0, 3 * WEEK), st.sampled_from([0, 1]), st.booleans())
def test_a_latent_hears_itself_and_the_window_before_it(step: int, query: int, ring: bool) -> None:
    position = 2 * step + query
    assert heard(step, query, ring) == set(range(max(position - CONTEXT + 1, 0), position + 1))


def test_what_is_not_heard_is_blocked() -> None:
    arrays = inputs()
    Positions(arrays, ring=True).write(3)
    assert set(np.unique(arrays["mask"])) == {0.0, np.float32(BLOCKED)}


@pytest.mark.parametrize("step", [0, 1, 1000, WEEK, 52 * WEEK])
def test_the_angles_stay_exact_for_a_year(step: int) -> None:
    arrays = inputs()
    Positions(arrays, ring=True).write(step)
    angles = np.array([[(2 * step + i) * 10_000.0 ** -(k / HALF) for k in range(HALF)] for i in (0, 1)], np.longdouble)
    assert np.abs(arrays["cos"] - np.cos(angles)).max() < 1e-6
    assert np.abs(arrays["sin"] - np.sin(angles)).max() < 1e-6


def test_float32_would_not_be_exact() -> None:
    """Why the host computes them: the slip is real."""
    arrays = inputs()
    Positions(arrays, ring=True).write(WEEK)
    speeds = (10_000.0 ** -(np.arange(HALF) / HALF)).astype(np.float32)
    assert np.abs(arrays["cos"][1] - np.cos(np.float32(2 * WEEK + 1) * speeds)).max() > 0.05
