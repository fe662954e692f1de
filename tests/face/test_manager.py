from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.face.lipsync.small_model import write_lipsync
from tests.face.neurosync.small_model import write_neurosync
from tests.patience import PATIENCE_S, wait_until
from visaged.config import Settings
from visaged.curves import INDEX, neutral
from visaged.face.factory import SolverCallbacks
from visaged.face.manager import SolverManager
from visaged.face.neurosync import factory as wired
from visaged.face.solver import HOP, Solver
from visaged.inference.errors import PackageError
from visaged.inference.package import load_package
from visaged.metrics import Metrics
from visaged.problems import Problems


def settings(solver: str = "neurosync", **face: Any) -> Settings:
    return Settings.model_validate(
        {"face": {"solver": solver, "neurosync_hop_ms": 50.0, **face}, "inference": {"threads": 1}}
    )


class Stage:
    """Where solvers go."""

    def __init__(self) -> None:
        self.solver: Solver[Any] | None = None
        self.selected = 0

    def select(self, solver: Solver[Any] | None) -> None:
        self.solver = solver
        self.selected += 1

    def buzz(self) -> None:
        """A buzz, as live as a voice, until the solver opens the mouth."""
        solver = self.solver
        assert solver is not None
        state, pose = solver.initial_state(), neutral()
        buzz = (0.2 * np.sign(np.sin(2 * np.pi * 120 * np.arange(HOP) / 48_000))).astype(np.float32)

        def opens() -> bool:
            nonlocal state
            state = solver.step(buzz, state, pose)
            return bool(pose[INDEX["JawOpen"]] > 0)

        wait_until(opens, "the mouth to open")


class Box:
    """Solvers on a stage, with everything that is heard of them."""

    def __init__(self, root: Path, **options: Any) -> None:
        self.problems, self.metrics, self.stage = Problems(), Metrics(), Stage()
        self.troubles: list[str | None] = []
        callbacks = SolverCallbacks(trouble=self.troubles.append)
        self.solvers = SolverManager([root], self.problems, callbacks, self.metrics, **options)

    def open(self, wanted: Settings) -> str | None:
        self.solvers.open(wanted, self.stage)
        return None if self.stage.solver is None else self.stage.solver.name

    @property
    def codes(self) -> list[str]:
        return [problem.code for problem in self.problems.current()]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_neurosync(tmp_path / "neurosync")
    write_lipsync(tmp_path / "lipsync")
    return tmp_path


@pytest.fixture
def box(root: Path) -> Any:
    box = Box(root)
    yield box
    box.solvers.close()


def threads_named(name: str) -> int:
    return sum(thread.name == name for thread in threading.enumerate())


def test_neurosync_is_opened_runs_and_is_let_go(box: Box) -> None:
    assert box.open(settings()) == "neurosync"
    assert box.solvers.package is not None
    assert box.solvers.precision == "fp32"
    assert box.solvers.providers == ("CPUExecutionProvider",)
    assert box.metrics.gauge("neurosync.hop_ms").value == 50
    assert box.metrics.gauge("neurosync.lookahead_ms").value == 151
    assert box.codes == []
    box.stage.buzz()
    assert box.open(settings("lipsync")) == "lipsync"
    wait_until(lambda: threads_named("neurosync") == 0)
    assert box.metrics.gauge("neurosync.hop_ms").value is None
    assert box.open(settings("energy")) == "energy"
    assert box.solvers.package is None


def test_a_face_that_is_late_is_said_to_be(box: Box) -> None:
    box.open(settings(neurosync_hop_ms=400.0))
    assert box.codes == [wired.LATE]
    assert "901 ms" in box.problems.current()[0].message
    box.open(settings(neurosync_hop_ms=500.0))
    assert "1101 ms" in box.problems.current()[0].message
    assert box.metrics.gauge("neurosync.hop_ms").value == 500
    box.open(settings("lipsync"))
    assert box.codes == []


def test_without_a_package_the_mouth_still_moves_and_the_reason_is_said(box: Box, root: Path) -> None:
    (root / "neurosync" / "neurosync.onnx").unlink()
    assert box.open(settings()) == "energy"
    assert box.codes == ["solver_package"]
    assert "no usable neurosync package" in box.problems.current()[0].message


def test_a_package_that_is_removed_while_it_runs_changes_nothing_until_it_is_opened_again(box: Box, root: Path) -> None:
    box.open(settings())
    for path in (root / "neurosync").iterdir():
        path.unlink()
    box.stage.buzz()
    assert box.open(settings()) == "energy"


def test_a_damaged_package_is_refused_and_what_runs_goes_on(box: Box, root: Path) -> None:
    package = load_package(root / "neurosync")
    assert box.open(settings("lipsync")) == "lipsync"
    other = write_neurosync(root / "elsewhere" / "p", outputs=[{"name": "curves", "shape": [1, 128, 52]}])
    with pytest.raises(PackageError):
        box.solvers.open_package(other, "auto", settings(), box.stage)
    assert box.stage.selected == 1
    assert threads_named("neurosync") == 0
    box.solvers.open_package(package, "auto", settings(), box.stage)
    assert box.stage.solver is not None
    assert box.stage.solver.name == "neurosync"


def test_a_model_that_answers_nan_is_trouble_until_another_is_asked_for(box: Box, root: Path) -> None:
    write_neurosync(root / "neurosync2", answer="nan", version="9.0.0")
    assert box.open(settings()) == "neurosync"
    assert box.solvers.package is not None
    assert box.solvers.package.manifest.version == "0.0.1"  # the newer one does not even open
    assert box.codes == ["solver_package"]
    assert "NaN" in box.problems.current()[0].message


def test_a_box_that_is_too_slow_is_trouble_at_the_opening(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wired, "measured_ms", lambda worker: 900.0)
    box.open(settings(neurosync_hop_ms="auto"))
    assert box.troubles == [None, "this box takes 900 ms for a window, too long for a live face"]
    box.open(settings(neurosync_hop_ms=100.0))
    assert box.troubles[-1] == "face.neurosync_hop_ms = 100, but this box takes 900 ms for a window"
    box.open(settings("lipsync"))
    assert box.troubles[-1] is None


def test_of_two_that_are_opened_at_a_time_the_one_asked_for_last_runs(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()

    def slow(worker: object) -> float:
        gate.wait(PATIENCE_S)
        return 5.0

    monkeypatch.setattr(wired, "measured_ms", slow)
    box.solvers.open_later(settings(neurosync_hop_ms="auto"), box.stage)
    wait_until(lambda: threads_named("neurosync") == 1)
    assert box.open(settings("lipsync")) == "lipsync"
    gate.set()
    wait_until(lambda: threads_named("solver-opener") + threads_named("neurosync") == 0)
    assert box.stage.solver is not None
    assert box.stage.solver.name == "lipsync"
    assert box.solvers.package is not None
    assert box.solvers.package.manifest.kind == "lipsync"


def test_for_a_recording_nothing_is_late_and_no_thread_is_made(root: Path) -> None:
    box = Box(root, patient=True)
    assert box.open(settings(neurosync_hop_ms=400.0)) == "neurosync"
    assert threads_named("neurosync") == 0
    assert box.codes == []
