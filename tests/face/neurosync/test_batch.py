from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from visaged.face.neurosync.batch import solve_clip
from visaged.face.neurosync.solver import BLANK

Array = NDArray[np.float64]


def model(window: NDArray[np.float32]) -> NDArray[np.float32]:
    """Depends on what is in the window and on where it is in it, as the real one does."""
    place = np.sin(np.arange(128) / 7)[:, None] * 10
    return np.asarray(window[:, :68] * 20 + window.mean() * 30 + place, np.float32)


def original(features: NDArray[np.float32]) -> Array:
    """The original pipeline, written down literally."""
    whole: Array | None = None
    start = 0
    while start < len(features):
        end = min(start + 128, len(features))
        window = features[start:end]
        if len(window) < 128:
            window = np.pad(window, ((0, 128 - len(window)), (0, 0)), mode="edge")
        answer = model(window).astype(np.float64)[: end - start]
        if whole is None:
            whole = answer
        else:
            count = min(32, len(whole), len(answer))
            # What the two share is the end of the whole so far and the beginning of the answer.
            assert len(whole) - start == count
            for i in range(count):
                alpha = i / count
                whole[start + i] = (1 - alpha) * whole[start + i] + alpha * answer[i]
            whole = np.concatenate([whole[: start + count], answer[count:]])
        start += 96
    assert whole is not None
    whole[:, :61] /= 100
    eased = min(6, len(whole))
    for frame, factor in zip(range(eased), np.linspace(0, 1, eased), strict=True):
        whole[frame] *= factor
    whole[:, [0, 1, 2, 3, 4, 7, 8, 9, 10, 11, *range(51, 61)]] = 0
    return whole


@pytest.mark.parametrize("frames", [1, 5, 6, 96, 97, 127, 128, 129, 191, 192, 200, 224, 225, 288, 320, 333, 700])
def test_it_is_the_original_pipeline(frames: int) -> None:
    features = np.random.default_rng(frames).standard_normal((frames, 256)).astype(np.float32)
    told: list[int] = []
    ours = solve_clip(features, model, told.append)
    assert ours.shape == (frames, 68)
    assert np.abs(ours - original(features)).max() < 1e-5
    assert told[-1] == frames


def test_it_grows_from_nothing_and_blanks_what_others_move() -> None:
    ours = solve_clip(np.ones((100, 256), np.float32), model)
    assert not ours[0].any()
    assert not ours[:, list(BLANK)].any()
    assert ours[50:].any()
