from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from visaged import curves
from visaged.clock import RATE_HZ
from visaged.face.prosody import Prosody, ProsodyGains, ProsodySolver
from visaged.face.solver import HOP, Sound

BROWS = [curves.INDEX[name] for name in ("BrowInnerUp", "BrowOuterUpLeft", "BrowOuterUpRight")]
HEAD = [curves.INDEX[name] for name in ("HeadPitch", "HeadYaw")]
MOVED = BROWS + HEAD


def voice(pitch_hz: NDArray[np.float64], level: float = 0.1) -> Sound:
    """A buzz with a pitch per sample; 0 is silence."""
    phase = 2 * np.pi * np.cumsum(pitch_hz) / RATE_HZ
    sound = level * sum(np.sin(n * phase) / n for n in range(1, 12))
    return np.where(pitch_hz > 0, sound, 0.0).astype(np.float32)


def seconds(value: float, duration_s: float) -> NDArray[np.float64]:
    return np.full(int(duration_s * 60) * HOP, value)


def show(sound: Sound, gains: ProsodyGains | None = None) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Poses [steps, 61] and phrase-end hints [steps]."""
    prosody = Prosody(gains)
    state = prosody.initial_state()
    poses, hints = [], []
    for step in sound.reshape(-1, HOP):
        pose = curves.neutral()
        state = prosody.step(step, state, pose)
        poses.append(pose)
        hints.append(state.phrase_end)
    return np.array(poses), np.array(hints)


def accented() -> Sound:
    """Two level seconds, a third of a second 5 semitones up, a level second, a pause."""
    return voice(np.concatenate([seconds(120, 2), seconds(120 * 2 ** (5 / 12), 0.35), seconds(120, 1), seconds(0, 1)]))


def test_a_pitch_accent_lifts_the_brows_and_they_come_down() -> None:
    poses, _ = show(accented())
    inner = poses[:, BROWS[0]]
    level, accent, pause = inner[60:118].max(), inner[120:150].max(), inner[-10:].max()
    assert 0.12 < accent < 0.32
    assert level < 0.25 * accent
    assert pause < 0.05 * accent


def test_the_head_dips_on_the_accent_and_rebounds() -> None:
    poses, _ = show(accented())
    pitch = poses[:, HEAD[0]]
    assert pitch[118:140].max() > 0.015
    assert pitch[141:170].min() < -0.005
    assert np.abs(pitch).max() < 0.15


def test_nothing_else_moves_and_nothing_jumps() -> None:
    poses, _ = show(accented())
    others = np.delete(poses, MOVED, axis=1)
    assert not others.any()
    assert np.abs(np.diff(poses, axis=0)).max() < 0.05


def test_a_phrase_end_is_hinted_once_and_a_stop_closure_is_not() -> None:
    clause = np.concatenate([seconds(120, 0.6), seconds(0, 0.1), seconds(110, 0.6)])
    _, hints = show(voice(np.concatenate([clause, seconds(0, 0.6), clause, seconds(0, 0.6)])))
    ends_s = np.flatnonzero(hints == 1.0) / 60
    assert ends_s == pytest.approx([1.5, 3.4], abs=0.06)
    assert hints[-1] == 0.0


def test_the_head_turns_the_other_way_after_a_phrase() -> None:
    phrase = np.concatenate([seconds(120, 0.3), seconds(150, 0.5), seconds(120, 0.3), seconds(0, 0.6)])
    poses, _ = show(voice(np.concatenate([phrase, phrase])))
    yaw = poses[:, HEAD[1]]
    assert yaw[: len(yaw) // 2].max() > 0.003
    assert yaw[len(yaw) // 2 + 20 :].min() < -0.003


@pytest.mark.parametrize("level_db", [-30, 0])
def test_the_level_of_the_microphone_hardly_matters(level_db: float) -> None:
    # The floor of the room must be heard once before -50 dBFS is known to be a voice.
    sound = np.concatenate([np.zeros(30 * HOP, np.float32), accented()]) * np.float32(10 ** (level_db / 20))
    poses, _ = show(sound)
    assert poses[150:180, BROWS[0]].max() > 0.12


def test_gains_scale_and_zero_is_nothing() -> None:
    poses, _ = show(accented(), ProsodyGains(brows=0.0, head=0.0))
    assert not poses.any()
    plain, _ = show(accented())
    half, _ = show(accented(), ProsodyGains(brows=0.5, head=0.5))
    assert half == pytest.approx(0.5 * plain, abs=1e-6)


@pytest.mark.parametrize("kind", ["silence", "constant", "square", "noise", "hum"])
def test_bad_sound_stays_within_bounds_and_small(kind: str) -> None:
    time_s = np.arange(3 * RATE_HZ) / RATE_HZ
    sound = {
        "silence": np.zeros_like(time_s),
        "constant": np.full_like(time_s, 0.9),
        "square": np.sign(np.sin(2 * np.pi * 150 * time_s)),
        "noise": 0.3 * np.random.default_rng(5).standard_normal(len(time_s)),
        "hum": 0.5 * np.sin(2 * np.pi * 20 * time_s),
    }[kind].astype(np.float32)
    poses, _ = show(sound)
    assert np.isfinite(poses).all()
    assert np.abs(poses[60:]).max() < 0.1
    if kind in ("silence", "constant"):
        assert not poses.any()


def test_the_sum_stays_legal() -> None:
    prosody = Prosody(ProsodyGains(brows=20.0, head=20.0))
    state, pose = prosody.initial_state(), np.full(curves.COUNT, 0.99, np.float32)
    for step in accented().reshape(-1, HOP):
        state = prosody.step(step, state, pose)
        assert pose.max() <= 1.0 and pose.min() >= -1.0


class JawOnLevel:
    """A solver as small as can be: the jaw is the peak of the step, counted in the state."""

    name = "jaw"
    lookahead_ms = 12.5

    def initial_state(self) -> int:
        return 0

    def step(self, sound: Sound, state: int, pose: curves.Pose) -> int:
        pose.fill(0.0)
        pose[curves.INDEX["JawOpen"]] = np.abs(sound).max()
        return state + 1


def test_any_solver_gains_brows_and_head() -> None:
    ends: list[int] = []
    solver = ProsodySolver(JawOnLevel(), on_phrase_end=lambda: ends.append(1))
    assert (solver.name, solver.lookahead_ms) == ("jaw", 12.5)
    state, pose = solver.initial_state(), curves.neutral()
    highest = curves.neutral()
    for step in accented().reshape(-1, HOP):
        state = solver.step(step, state, pose)
        np.maximum(highest, pose, out=highest)
    assert state.solver == len(accented()) // HOP
    assert highest[curves.INDEX["JawOpen"]] > 0.1
    assert highest[BROWS[0]] > 0.1
    assert len(ends) == 1
