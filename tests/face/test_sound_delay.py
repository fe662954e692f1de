from __future__ import annotations

import numpy as np
import pytest

from visaged.curves import neutral
from visaged.face.prosody import ProsodyGains, ProsodySolver
from visaged.face.solver import HOP, Sound
from visaged.face.sound_delay import LONGEST, SoundDelay


@pytest.mark.parametrize("steps", [0, 1, 60, LONGEST])
def test_it_gives_back_what_was_pushed_that_many_steps_ago(steps: int) -> None:
    delay = SoundDelay()
    for number in range(1, 300):
        earlier = delay.push(np.full(HOP, number, np.float32), steps)
        assert earlier[0] == earlier[-1] == max(number - steps, 0)


class Still:
    """A solver that does nothing and hears far ahead."""

    name = "still"
    lookahead_ms = 500.0

    def initial_state(self) -> None:
        return None

    def step(self, sound: Sound, state: None, pose: np.ndarray) -> None:
        pose[:] = 0


def test_gestures_wait_for_a_solver_that_hears_far_ahead() -> None:
    voice = np.sin(2 * np.pi * 130 * np.arange(120 * HOP) / 48_000).astype(np.float32) * 0.3
    voice[: 30 * HOP] *= 0.001

    def brows(delay: int) -> np.ndarray:
        solver = ProsodySolver(Still(), ProsodyGains(), delay=lambda: delay)
        state, poses = solver.initial_state(), []
        for start in range(0, len(voice), HOP):
            pose = neutral()
            state = solver.step(voice[start : start + HOP], state, pose)
            poses.append(pose)
        return np.array(poses)

    # An even number: pitch is measured at every other step.
    prompt, late = brows(0), brows(28)
    assert prompt.any()
    assert np.array_equal(late[28:], prompt[:-28])
    assert ProsodySolver(Still()).lookahead_ms == 500
