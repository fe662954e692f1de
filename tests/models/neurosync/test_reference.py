"""The oracle of compatible rendering: the facts about the original program, one by one."""

import numpy as np
import pytest

from models.neurosync.reference import EASE_IN, ZEROED, blended, render
from models.neurosync.shape import FRAMES


def _counting(window: np.ndarray) -> np.ndarray:
    """An output that tells which frame it was made of: column 0 of the features, in every column."""
    return np.repeat(window[:, :1], 68, axis=1)


def _features(frames: int) -> np.ndarray:
    return np.repeat(np.arange(100, 100 + frames, dtype=np.float32)[:, None], 256, axis=1)


@pytest.mark.parametrize("frames", [1, 5, 90, 97, 127, 128, 129, 160, 200, 224, 225, 400])
def test_every_frame_is_answered_and_in_its_place(frames: int) -> None:
    curves = render(_counting, _features(frames))
    assert curves.shape == (frames, 68)
    rest = curves[min(EASE_IN, frames) :]
    np.testing.assert_allclose(rest[:, 17] * 100, np.arange(100, 100 + frames)[min(EASE_IN, frames) :], rtol=1e-5)
    np.testing.assert_allclose(rest[:, 64], rest[:, 17] * 100, rtol=1e-5)


def test_the_beginning_is_eased_in_and_the_originals_columns_are_zero() -> None:
    curves = render(_counting, _features(200))
    np.testing.assert_allclose(curves[:EASE_IN, 17], np.linspace(0, 1, 6) * np.arange(100, 106) / 100, rtol=1e-5)
    assert not curves[:, ZEROED].any()
    assert curves[10:, [c for c in range(68) if c not in ZEROED]].all()


def test_windows_fade_into_each_other_linearly() -> None:
    windows = iter([np.zeros((FRAMES, 68), np.float32), np.full((FRAMES, 68), 100, np.float32)])
    curves = render(lambda window: next(windows), _features(190))
    np.testing.assert_allclose(curves[96:128, 17], np.arange(32) / 32, atol=1e-6)
    assert not curves[:96, 17].any()
    assert (curves[128:, 17] == 1).all()


def test_a_short_last_window_is_filled_with_its_last_frame() -> None:
    seen = []

    def watch(window: np.ndarray) -> np.ndarray:
        seen.append(window[:, 0].copy())
        return _counting(window)

    render(watch, _features(150))
    assert [len(window) for window in seen] == [FRAMES, FRAMES]
    assert (seen[1][54:] == 249).all()


def test_blending_a_piece_shorter_than_the_overlap() -> None:
    before, after = np.zeros((10, 1), np.float32), np.ones((4, 1), np.float32)
    np.testing.assert_allclose(blended(before, after, 32)[:, 0], [0] * 6 + [0, 0.25, 0.5, 0.75])
