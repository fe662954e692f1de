from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.face.neurosync.small_model import write_neurosync
from tests.face.voice import Sound
from visaged import curves
from visaged.audio.file_reader import read_all
from visaged.clock import RATE_HZ
from visaged.face.neurosync.emotion import Vector
from visaged.face.neurosync.model import Patient, WindowModel
from visaged.face.neurosync.plan import Plan
from visaged.face.neurosync.solver import BLANK, NeurosyncSolver
from visaged.face.neurosync.window import Job, Solves, measured_ms
from visaged.face.solver import HOP, Solver
from visaged.inference.errors import PackageError, SessionError
from visaged.metrics import Metrics
from visaged.samples import speech_path

PLAN = Plan(4, 3)


@pytest.fixture(scope="module")
def speech() -> Sound:
    return read_all(speech_path())[: 4 * RATE_HZ]


@pytest.fixture
def model(tmp_path: Path) -> WindowModel:
    return WindowModel(write_neurosync(tmp_path / "p"), "auto", ("cpu",), 1)


def run(solver: NeurosyncSolver, sound: Sound) -> np.ndarray:
    """One pose per step."""
    state, poses = solver.initial_state(), []
    for start in range(0, len(sound) - HOP + 1, HOP):
        pose = curves.neutral()
        state = solver.step(sound[start : start + HOP], state, pose)
        poses.append(pose)
    return np.array(poses)


class Held:
    """A worker by hand: answers when it is told to."""

    def __init__(self, model: WindowModel) -> None:
        self.model = model
        self.jobs: list[Job] = []
        self.failure: str | None = None

    def offer(self, job: Job) -> bool:
        if self.jobs:
            return False
        job.lost = False
        self.jobs.append(job)
        return True

    def answered(self, job: Job, wait_s: float = 0.0) -> bool:
        return job not in self.jobs

    def answer(self, took_ms: float | None = None) -> None:
        for job in self.jobs:
            self.model.solve(job)
            job.took_ms = job.took_ms if took_ms is None else took_ms
        self.jobs.clear()

    def lose(self) -> None:
        for job in self.jobs:
            job.lost = True
        self.jobs.clear()


class Delayed(Held):
    """Answers ``steps`` steps after a window was launched."""

    def __init__(self, model: WindowModel, steps: int) -> None:
        super().__init__(model)
        self.steps = steps
        self.left = 0

    def offer(self, job: Job) -> bool:
        self.left = self.steps
        return super().offer(job)

    def tick(self) -> None:
        if self.jobs:
            self.left -= 1
            if self.left <= 0:
                self.answer(took_ms=self.steps * 1000 / 60)


def test_it_is_a_solver_and_says_how_far_it_hears_ahead(model: WindowModel) -> None:
    solver: Solver[Any] = NeurosyncSolver(Patient(model), PLAN)
    assert solver.name == "neurosync"
    assert solver.lookahead_ms == pytest.approx((3 + 4 + 3) * 1000 / 60 + 1)


def test_a_pose_belongs_to_the_sound_its_lookahead_ago(model: WindowModel) -> None:
    """A burst in silence: the curve that copies a feature is centred on it."""
    sound = np.zeros(3 * RATE_HZ, np.float32)
    burst = slice(RATE_HZ, RATE_HZ + RATE_HZ // 5)
    sound[burst] = 0.3 * np.sin(2 * np.pi * 300 * np.arange(RATE_HZ // 5) / RATE_HZ)
    for plan in (PLAN, Plan(20, 11)):
        solver = NeurosyncSolver(Patient(model), plan)
        squint = run(solver, sound)[:, curves.INDEX["EyeSquintLeft"]]
        moved = np.abs(squint - np.median(squint))
        moved[:60] = 0
        heard_s = (np.arange(len(moved)) + 1) / 60 - solver.lookahead_ms / 1000
        assert np.average(heard_s, weights=moved) == pytest.approx(1.1, abs=0.03)


def test_what_the_original_blanks_is_left_to_the_idle_layer(model: WindowModel, speech: Sound) -> None:
    poses = run(NeurosyncSolver(Patient(model), PLAN), speech)
    assert (0, 1, 2, 3, 4, 7, 8, 9, 10, 11, *range(51, 61)) == BLANK
    assert not poses[:, list(BLANK)].any()
    assert poses[:, curves.INDEX["JawOpen"]].max() > 0.2
    assert poses.min() >= 0
    assert poses.max() <= 1


@pytest.mark.parametrize("plan", [Plan(3, 1), PLAN, Plan(30, 25)])
def test_live_is_what_a_recording_gets_whenever_the_answers_come_in_time(
    model: WindowModel, speech: Sound, plan: Plan
) -> None:
    recorded = run(NeurosyncSolver(Patient(model), plan), speech)
    worker, metrics = Delayed(model, plan.wait), Metrics()
    solver = NeurosyncSolver(worker, plan, metrics=metrics)
    state, live = solver.initial_state(), []
    for start in range(0, len(speech) - HOP + 1, HOP):
        worker.tick()
        pose = curves.neutral()
        state = solver.step(speech[start : start + HOP], state, pose)
        live.append(pose)
    assert np.array_equal(np.array(live), recorded)
    assert metrics.counter("neurosync.late").value == 0


def test_late_answers_hold_the_face_and_then_widen_the_hop(model: WindowModel, speech: Sound) -> None:
    plans: list[Plan] = []
    worker, metrics = Delayed(model, 9), Metrics()
    solver = NeurosyncSolver(worker, PLAN, metrics=metrics, on_plan=plans.append)
    state, pose = solver.initial_state(), curves.neutral()
    for start in range(0, len(speech) - HOP + 1, HOP):
        worker.tick()
        state = solver.step(speech[start : start + HOP], state, pose)
    assert metrics.counter("neurosync.late").value > 0
    assert plans[-1].wait >= 9
    assert solver.lookahead_ms == plans[-1].lookahead_ms
    late = metrics.counter("neurosync.late").value
    for start in range(0, len(speech) - HOP + 1, HOP):
        worker.tick()
        state = solver.step(speech[start : start + HOP], state, pose)
    assert metrics.counter("neurosync.late").value == late


def test_a_box_that_is_too_slow_for_any_hop_says_so_once(model: WindowModel, speech: Sound) -> None:
    troubles: list[str] = []
    worker = Delayed(model, 60)
    solver = NeurosyncSolver(worker, Plan(48, 48), on_plan=lambda plan: None, on_trouble=troubles.append)
    state, pose = solver.initial_state(), curves.neutral()
    for _ in range(3):
        for start in range(0, len(speech) - HOP + 1, HOP):
            worker.tick()
            state = solver.step(speech[start : start + HOP], state, pose)
    assert len(troubles) == 1
    assert "too long for a live face" in troubles[0]


def test_emotions_are_told_while_somebody_speaks(model: WindowModel, speech: Sound) -> None:
    told: list[Vector] = []
    run(NeurosyncSolver(Patient(model), PLAN, on_emotion=told.append), speech)
    assert 3 <= len(told) <= 8
    silent: list[Vector] = []
    run(NeurosyncSolver(Patient(model), PLAN, on_emotion=silent.append), np.zeros_like(speech))
    assert not silent


def test_an_answer_that_is_no_number_is_a_failure_with_a_reason(tmp_path: Path, speech: Sound) -> None:
    broken = WindowModel(write_neurosync(tmp_path / "nan", answer="nan"), "auto", ("cpu",), 1)
    troubles: list[str] = []
    solver = NeurosyncSolver(Patient(broken), PLAN, on_trouble=troubles.append)
    with pytest.raises(SessionError, match="NaN or infinity"):
        run(solver, speech)
    assert troubles == ["NeuroSync failed: neurosync answered with NaN or infinity"]


def test_a_worker_that_failed_for_good_is_a_failure_with_its_reason(model: WindowModel, speech: Sound) -> None:
    held, troubles = Held(model), list[str]()
    solver = NeurosyncSolver(held, PLAN, on_trouble=troubles.append)
    run(solver, speech[: 10 * HOP])
    held.failure = "it is gone"
    with pytest.raises(SessionError, match="it is gone"):
        run(solver, speech[:HOP])
    assert troubles == ["NeuroSync failed: it is gone"]


def test_a_lost_window_is_made_up_for_by_the_next(model: WindowModel, speech: Sound) -> None:
    held = Held(model)
    solver = NeurosyncSolver(held, PLAN)
    state, pose = solver.initial_state(), curves.neutral()
    for number in range(100):
        state = solver.step(speech[number * HOP : (number + 1) * HOP], state, pose)
        held.lose() if 40 <= number < 44 else held.answer()
    assert state.seams.ready == 96 - PLAN.context
    assert pose.any()


def test_while_windows_are_missing_the_mouth_comes_to_rest_and_returns_softly(model: WindowModel) -> None:
    held = Held(model)
    solver = NeurosyncSolver(held, PLAN)
    state, jaw = solver.initial_state(), []
    for number in range(200):
        pose = curves.neutral()
        state = solver.step(np.zeros(HOP, np.float32), state, pose)
        if not 100 <= number < 140:
            held.answer()
        jaw.append(pose[curves.INDEX["JawOpen"]])
    assert jaw[99] > 0.2
    assert jaw[105] == jaw[99]  # one that is a little late is held
    assert jaw[139] < 0.1 * jaw[99]
    assert jaw[199] == pytest.approx(jaw[99], rel=0.05)
    assert np.abs(np.diff(jaw[99:])).max() < 0.2 * jaw[99]


def test_a_fresh_stream_does_not_see_the_answers_of_the_one_before(model: WindowModel, speech: Sound) -> None:
    held = Held(model)
    solver = NeurosyncSolver(held, PLAN)
    run(solver, speech[: 10 * HOP])
    fresh, pose = solver.initial_state(), curves.neutral()
    held.answer()
    for _ in range(3):
        fresh = solver.step(speech[:HOP], fresh, pose)
    assert fresh.seams.ready == 0
    assert not pose.any()


def test_a_box_is_timed_by_windows(model: WindowModel) -> None:
    patient: Solves = Patient(model)
    assert 0 < measured_ms(patient) < 1000


@pytest.mark.parametrize(
    ("changes", "where"),
    [({"features": 128}, "inputs"), ({"outputs": [{"name": "curves", "shape": [1, 128, 52]}]}, "outputs")],
)
def test_another_kind_of_graph_is_refused(tmp_path: Path, changes: dict[str, Any], where: str) -> None:
    package = write_neurosync(tmp_path / "other", **changes)
    with pytest.raises(PackageError, match=where):
        WindowModel(package, "auto", ("cpu",), 1)


def test_what_is_not_there_is_said_at_the_opening(tmp_path: Path) -> None:
    package = write_neurosync(tmp_path / "p")
    with pytest.raises(PackageError, match="no precision 'int8'"):
        WindowModel(package, "int8", ("cpu",), 1)
    (package.folder / "neurosync.onnx").write_bytes(b"no graph")
    with pytest.raises(SessionError):
        WindowModel(package, "fp32", ("cpu",), 1)


def test_weights_without_emotions_move_the_face_and_no_mood(tmp_path: Path, speech: Sound) -> None:
    model = WindowModel(write_neurosync(tmp_path / "p", columns=61), "auto", ("cpu",), 1)
    told: list[Vector] = []
    poses = run(NeurosyncSolver(Patient(model), PLAN, on_emotion=told.append), speech)
    assert poses.max() > 0.2
    assert not told


class Disagreeing:
    """Windows that say 20 % and 80 % of every frame in turn."""

    failure = None

    def __init__(self) -> None:
        self.value = 20.0

    def offer(self, job: Job) -> bool:
        job.curves[:] = self.value
        self.value = 100.0 - self.value
        return True

    def answered(self, job: Job, wait_s: float = 0.0) -> bool:
        return True


@pytest.mark.parametrize("plan", [Plan(3, 3), Plan(6, 4), Plan(16, 16)])
def test_seams_do_not_pulse(speech: Sound, plan: Plan) -> None:
    """What two windows disagree by is spread evenly over the frames that they share; nothing starts from rest."""
    poses = run(NeurosyncSolver(Disagreeing(), plan), speech)[plan.lookahead + 2 * plan.hop :]
    jaw = poses[:, curves.INDEX["JawOpen"]]
    assert jaw.min() >= 0.2
    assert np.abs(np.diff(jaw)).max() == pytest.approx(0.6 / (min(plan.context, plan.hop) + 1), rel=1e-3)
