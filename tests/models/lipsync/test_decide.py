"""Decisions: on time where the head is sure, late where only the next one is, once for each sound."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is a build-time dependency: pip install 'visaged[build]'")

from models.lipsync.decide import HELD_FRAMES, NEVER, Decision, decided  # noqa: E402

SURE, LATE = 0.6, 0.3
SOUND, FRAMES = slice(10, 14), 40


def chances(own: float, after: float) -> np.ndarray:
    """[frames, 2]: a sound of four frames, heard ``own`` by the first head and, 40 ms (2 frames) later, ``after``."""
    said = np.full((FRAMES, 2), 0.02, np.float32)
    said[SOUND, 0] = own
    said[SOUND.start + 2 : SOUND.stop + 2, 1] = after
    return said


def live(said: np.ndarray) -> np.ndarray:
    """The first head's decision frame by frame."""
    decision, recent, rows = Decision([SURE, SURE], [LATE, LATE], (-0.1, 0.05)), torch.zeros(1, 2), []
    for frame in torch.from_numpy(said):
        shown, recent = decision(frame[None], recent)
        rows.append(shown[0, 0].item())
    return np.array(rows)


@pytest.mark.parametrize(
    ("own", "after", "frames"),
    [
        pytest.param(0.9, 0.9, range(10, 14), id="sure: on time and not again"),
        pytest.param(0.2, 0.9, range(12, 16), id="let pass: late"),
        pytest.param(0.9, 0.1, range(10, 14), id="sure alone"),
        pytest.param(0.2, 0.1, range(0), id="neither"),
    ],
)
def test_a_sound_is_shown_on_time_or_late_or_not(own: float, after: float, frames: range) -> None:
    said = chances(own, after)
    assert np.flatnonzero(live(said) > 0.9).tolist() == list(frames)
    whole = decided(said[None, :, 0], said[None, :, 1], SURE, LATE)[0]
    assert np.flatnonzero(whole).tolist() == list(frames)


def test_the_next_sound_may_be_made_up_for_when_the_last_is_over() -> None:
    said = chances(0.9, 0.9)
    later = SOUND.stop + HELD_FRAMES + 4
    said[later : later + 2, 1] = 0.9
    assert live(said)[later] > 0.9


def test_the_last_head_has_nobody_after_it() -> None:
    said = np.full((1, 20), 0.5, np.float32)
    assert not decided(said, None, SURE, NEVER).any()
    last, _ = Decision([SURE], [0.1], (-0.1, 0.05))(torch.full((1, 1), 0.4), torch.zeros(1, 1))
    assert last.item() == 0.0
