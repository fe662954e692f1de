from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from models.lipsync.eval.contenders import ContenderError, LoudnessFollower, ShutMouth, find, run
from models.lipsync.eval.signals import CLOSED_GAP, Viseme, from_poses, from_visemes
from tests.face.lipsync.small_model import write_lipsync
from visaged.curves import INDEX, Pose

JAW = INDEX["JawOpen"]


class LateJaw:
    """Shows the peak of the sound of three steps ago: a look-ahead of 50 ms."""

    name = "late"
    lookahead_ms = 50.0

    def initial_state(self) -> list[float]:
        return [0.0] * 3

    def step(self, sound: NDArray[np.float32], state: list[float], pose: Pose) -> list[float]:
        pose.fill(0.0)
        pose[JAW] = state[0]
        return [*state[1:], float(np.abs(sound).max())]


def test_poses_are_put_at_the_time_they_belong_to() -> None:
    sound = np.zeros(48_000, np.float32)
    sound[24_000:24_800] = 0.5
    poses, times_s = run(LateJaw(), sound)
    assert times_s[0] >= 0.0 and times_s[-1] >= 1.0
    assert times_s[np.argmax(poses[:, JAW])] == pytest.approx(24_800 / 48_000)


def test_the_end_of_the_sound_is_flushed_out() -> None:
    sound = np.zeros(48_000, np.float32)
    sound[-800:] = 0.5
    poses, times_s = run(LateJaw(), sound)
    assert poses[-1, JAW] == 0.5 and times_s[-1] == pytest.approx(1.0)


def test_the_two_that_know_nothing() -> None:
    sound = np.concatenate([np.zeros(24_000), 0.3 * np.sin(np.arange(24_000) / 20)]).astype(np.float32)
    poses, _ = run(ShutMouth(), sound)
    assert not poses.any()
    poses, times_s = run(LoudnessFollower(), sound)
    assert poses[times_s > 0.6, JAW].min() > 0.4
    assert poses[(times_s > 0.1) & (times_s < 0.45), JAW].max() < 0.2


@pytest.mark.parametrize("name", ["nobody", "/nowhere", "energy@soon"])
def test_an_unknown_contender_is_named(name: str) -> None:
    with pytest.raises(ContenderError, match=name):
        find(name)


def test_known_contenders() -> None:
    assert find("energy@0").solver.lookahead_ms == 0
    assert find("shut").name == "shut mouth"


def test_the_lookaheads_of_a_package_share_a_run_and_show_the_same(tmp_path: Path) -> None:
    write_lipsync(tmp_path / "p", samples=400, sample_rate_hz=24_000)
    sound = (0.1 * np.random.default_rng(1).standard_normal(24_000)).astype(np.float32)
    for lookahead_ms in (0, 40, 80):
        contender = find(f"{tmp_path / 'p'}@{lookahead_ms}")
        assert contender.name == f"lipsync fp32 {lookahead_ms} ms"
        shared, alone = contender.hear(sound), from_poses(*run(contender.solver, sound))
        frames = len(alone.times_s)
        assert np.allclose(shared.times_s[:frames], alone.times_s)
        assert np.array_equal(shared.jaw[:frames], alone.jaw)


def test_signals_from_poses() -> None:
    poses = np.zeros((3, 61), np.float32)
    poses[1, JAW] = poses[2, JAW] = 0.1
    poses[1, INDEX["MouthClose"]] = 0.1 - 0.9 * CLOSED_GAP
    poses[2, INDEX["MouthRollLower"]] = 0.3
    poses[2, INDEX["MouthPucker"]] = 0.5
    made = from_poses(poses, np.arange(3) / 60)
    assert made.closed.tolist() == [True, True, False]
    assert made.contact.tolist() == [False, False, True]
    assert made.rounding.tolist() == [0.0, 0.0, 0.5]


def test_signals_from_visemes() -> None:
    table = {"A": Viseme(0.0, closed=True), "F": Viseme(0.1, rounding=1.0)}
    made = from_visemes(["A", "F"], table, np.arange(2) / 60)
    assert made.closed.tolist() == [True, False] and made.rounding.tolist() == [0.0, 1.0]
