from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.face.lipsync.small_model import write_lipsync
from visaged import curves
from visaged.face.lipsync.solver import LipsyncSolver, LookaheadError, open_lipsync
from visaged.face.solver import HOP, Solver
from visaged.inference.errors import NoPackageError, PackageError

QUARTER = np.full(HOP, 0.25, np.float32)


def test_the_model_is_stepped_with_its_state(tmp_path: Path) -> None:
    solver = LipsyncSolver(write_lipsync(tmp_path / "p"), lookahead_ms=0)
    protocol: Solver[object] = solver  # type: ignore[assignment]
    assert protocol.name == "lipsync"
    pose, state = curves.neutral(), solver.initial_state()
    seen = []
    for _ in range(3):
        state = solver.step(QUARTER, state, pose)
        seen.append(float(pose[curves.INDEX["JawOpen"]]))
    assert seen == [0.25, 0.375, 0.4375]
    assert state.activity == 0.4375


@pytest.mark.parametrize("lookahead_ms", [0, 40, 80])
def test_each_lookahead_has_its_own_output(tmp_path: Path, lookahead_ms: int) -> None:
    solver = LipsyncSolver(write_lipsync(tmp_path / "p"), lookahead_ms)
    assert solver.lookahead_ms == lookahead_ms
    pose = curves.neutral()
    solver.step(QUARTER, solver.initial_state(), pose)
    assert pose[0] == pytest.approx(0.25 + lookahead_ms / 1000)


def test_another_lookahead_is_refused_with_the_choices(tmp_path: Path) -> None:
    with pytest.raises(LookaheadError, match=r"face\.lookahead_ms = 60: lipsync 0\.0\.1 offers 0, 40, 80"):
        LipsyncSolver(write_lipsync(tmp_path / "p"), 60)


def test_a_model_at_24_khz_hears_the_decimated_sound_and_says_the_delay(tmp_path: Path) -> None:
    solver = LipsyncSolver(write_lipsync(tmp_path / "p", samples=400, sample_rate_hz=24_000), 40)
    assert solver.lookahead_ms == pytest.approx(40.5)
    pose, state = curves.neutral(), solver.initial_state()
    for _ in range(20):
        state = solver.step(QUARTER, state, pose)
    assert pose[0] == pytest.approx(0.54, abs=1e-3)


def test_the_pose_is_legal_and_a_broken_stream_starts_anew(tmp_path: Path) -> None:
    solver = LipsyncSolver(write_lipsync(tmp_path / "p"), 0)
    pose, state = curves.neutral(), solver.initial_state()
    for _ in range(2):
        state = solver.step(np.full(HOP, 1.0, np.float32), state, pose)
    assert pose.max() == 1.0
    state = solver.step(np.full(HOP, np.nan, np.float32), state, pose)
    assert not pose.any()
    solver.step(QUARTER, state, pose)
    assert pose[0] == 0.25


def test_sound_beyond_full_scale_is_heard_as_full_scale(tmp_path: Path) -> None:
    solver = LipsyncSolver(write_lipsync(tmp_path / "p"), 0)
    pose, state = curves.neutral(), solver.initial_state()
    state = solver.step(np.full(HOP, 40.0, np.float32), state, pose)
    assert state.activity == 1.0


@pytest.mark.parametrize(("steps", "kept"), [(5, True), (30, False)])
def test_a_spell_of_overload_is_forgotten_and_a_loud_moment_is_not(tmp_path: Path, steps: int, kept: bool) -> None:
    solver = LipsyncSolver(write_lipsync(tmp_path / "p"), 0)
    pose, state = curves.neutral(), solver.initial_state()
    for _ in range(steps):
        state = solver.step(np.full(HOP, 0.9, np.float32), state, pose)
    solver.step(np.zeros(HOP, np.float32), state, pose)
    assert (pose[0] > 0.5) == kept


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"frame_rate_hz": 30}, "frame_rate_hz"),
        ({"sample_rate_hz": 16_000}, "sample_rate_hz"),
        ({"sample_rate_hz": 24_000}, "inputs"),
        ({"lookahead_ms": [40, 120]}, ""),
        ({"outputs": [{"name": "curves_40", "shape": [1, 52]}]}, "outputs"),
    ],
)
def test_another_kind_of_graph_is_refused(tmp_path: Path, changes: dict[str, object], field: str) -> None:
    package = write_lipsync(tmp_path / "p", **changes)  # type: ignore[arg-type]
    with pytest.raises((PackageError, LookaheadError)) as caught:
        LipsyncSolver(package, 120 if not field else 40)
    assert field in str(caught.value)


def test_opening_takes_the_next_package_when_one_is_damaged(tmp_path: Path) -> None:
    write_lipsync(tmp_path / "box" / "p")
    write_lipsync(tmp_path / "wheel" / "p")
    (tmp_path / "box" / "p" / "lipsync.onnx").write_bytes(b"damaged")
    solver, refused = open_lipsync([tmp_path / "box", tmp_path / "wheel"])
    assert solver.package.folder == tmp_path / "wheel" / "p"
    assert [error.where for error in refused if isinstance(error, PackageError)] == ["lipsync.onnx"]
    with pytest.raises(NoPackageError):
        open_lipsync([tmp_path / "box"])


def test_auto_means_the_cpu_for_so_small_a_model(tmp_path: Path) -> None:
    assert LipsyncSolver(write_lipsync(tmp_path / "p")).providers == ("CPUExecutionProvider",)
