"""Closure scores on made-up targets."""

import numpy as np

from models.lipsync.score import closures
from models.lipsync.targets import SPEECH, VISEME_CLASS, WIDTH
from models.lipsync.visemes import OVR


def wanted() -> np.ndarray:
    """120 frames of speech from frame 10 to 110 with one bilabial at 50..55."""
    target = np.zeros((1, 120, WIDTH), np.uint8)
    target[0, 10:110, SPEECH] = 255
    target[0, 10:110, VISEME_CLASS] = OVR.index("aa")
    target[0, 50:55, VISEME_CLASS] = OVR.index("PP")
    return target


def closed(*frames: int) -> np.ndarray:
    row = np.zeros((1, 120), bool)
    row[0, list(frames)] = True
    return row


def test_a_closure_in_the_window_is_recalled_and_none_is_false() -> None:
    result = closures(closed(49, 50, 51), wanted())
    assert (result.recall, result.false_share, result.bilabials) == (1.0, 0.0, 1)


def test_a_closure_elsewhere_is_false_and_the_bilabial_is_missed() -> None:
    result = closures(closed(70, 71), wanted())
    assert (result.recall, result.false_share) == (0.0, 1.0)
    assert result.false_per_minute == 36.0


def test_closed_in_a_pause_is_not_judged() -> None:
    assert closures(closed(0, 1, 2, 115), wanted()).false_share == 0.0
