"""Channels that cancel each other, and all that do not."""

from __future__ import annotations

import numpy as np
import pytest

from visaged.audio.channels.watch import ChannelWatch

NOISE = np.random.default_rng(1).normal(0, 0.1, (48_000, 8)).astype(np.float32)


def cancels(frames: np.ndarray) -> bool:
    watch = ChannelWatch(frames.shape[1])
    for at in range(0, len(frames), 480):
        watch.hear(frames[at : at + 480])
    return watch.cancel


@pytest.mark.parametrize("share", [1.0, 0.9, 0.7])
def test_antiphase_cancels(share: float) -> None:
    assert cancels(np.stack([NOISE[:, 0], -share * NOISE[:, 0]], axis=1))


@pytest.mark.parametrize(
    "frames",
    [
        NOISE[:, :1],
        NOISE[:, :2],  # two voices
        NOISE[:, :1] * np.array([1, 1], np.float32),
        NOISE[:, :1] * np.array([1, 0], np.float32),
        NOISE[:, :1] * np.array([0] * 7 + [1], np.float32),
        NOISE[:, :1] * np.array([0] * 23 + [1], np.float32),
        NOISE[:, :1] * np.array([1, -0.4], np.float32),  # some is left
        NOISE * 0,
        NOISE[:, :1] * np.array([1, -1], np.float32) * 1e-3,  # an open socket
        NOISE[:4800, :1] * np.array([1, -1], np.float32),  # a click
    ],
)
def test_what_is_left_is_no_cancelling(frames: np.ndarray) -> None:
    assert not cancels(frames)


def test_samples_that_are_no_numbers_are_passed_over() -> None:
    frames = np.stack([NOISE[:, 0], -NOISE[:, 0]], axis=1)
    frames[100] = np.nan
    frames[5000] = np.inf
    assert cancels(frames)
