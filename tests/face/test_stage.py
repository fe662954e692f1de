from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.face import voice
from tests.patience import PATIENCE_S, wait_until
from visaged.clock import RATE_HZ
from visaged.curves import COUNT, INDEX, Pose
from visaged.face.energy import EnergySolver
from visaged.face.solver import HOP, Sound
from visaged.face.stage import SolverStage
from visaged.metrics import Metrics
from visaged.problems import Problems
from visaged.track import FaceTrack

JAW = INDEX["JawOpen"]


class Tape:
    """A sound source in which a test decides what is there."""

    def __init__(self, seconds: float = 20.0) -> None:
        self.samples = np.zeros(round(seconds * RATE_HZ), np.float32)
        self.end = 0
        self.oldest = 0
        self._grown = threading.Condition()

    def add(self, sound: Sound) -> None:
        with self._grown:
            self.samples[self.end : self.end + len(sound)] = sound
            self.end += len(sound)
            self._grown.notify_all()

    def wait(self, index: int, timeout_s: float) -> bool:
        with self._grown:
            return self._grown.wait_for(lambda: self.end >= index, timeout_s)

    def read(self, start: int, out: NDArray[np.float32]) -> int:
        if start < self.oldest:
            raise LookupError("overwritten")
        count = min(len(out), self.end - start)
        out[:count] = self.samples[start : start + count]
        return count


class Counting:
    """A solver that shows how many hops its stream has heard, and can be told to fail."""

    def __init__(self, name: str = "counting", lookahead_ms: float = 40) -> None:
        self.name = name
        self.lookahead_ms = lookahead_ms
        self.failure: Exception | None = None
        self.answer = 0.0
        self.gate = threading.Event()
        self.gate.set()
        self.streams = 0

    def initial_state(self) -> int:
        self.streams += 1
        return 0

    def step(self, sound: Sound, state: int, pose: Pose) -> int:
        self.gate.wait(PATIENCE_S)
        if self.failure is not None:
            raise self.failure
        pose.fill(self.answer)
        pose[JAW] = state + 1
        return state + 1


class Rig:
    def __init__(self) -> None:
        self.tape = Tape()
        self.track = FaceTrack()
        self.solver = Counting()
        self.fallback = Counting("spare", 0)
        self.metrics = Metrics()
        self.problems = Problems()
        self.speech: list[tuple[bool, int]] = []
        self.stage = SolverStage(
            self.tape,
            self.track,
            solver=self.solver,
            fallback=self.fallback,
            metrics=self.metrics,
            problems=self.problems,
            on_speech=lambda speaking, index: self.speech.append((speaking, index)),
        )

    def play(self, hops: int) -> None:
        """Add hops of silence one by one, each taken in before the next (so none is late)."""
        for _ in range(hops):
            heard_ns = self.stage.heard_ns
            self.tape.add(np.zeros(HOP, np.float32))
            wait_until(lambda before=heard_ns: self.stage.heard_ns > before)

    def codes(self) -> list[str]:
        return [problem.code for problem in self.problems.current()]

    def value(self, name: str) -> float:
        return self.metrics.counter(name).value


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    rig.stage.start()
    yield rig
    rig.solver.gate.set()
    rig.stage.stop()


def shown(rig: Rig, index: int) -> float:
    pose = np.zeros(COUNT, np.float32)
    assert rig.track.sample(index, pose) == 0
    return float(pose[JAW])


def test_each_pose_has_the_media_time_of_its_sound(rig: Rig) -> None:
    rig.play(5)
    wait_until(lambda: rig.track.count == 5)
    assert rig.track.newest_index == 5 * HOP - 40 * 48
    assert [shown(rig, hop * HOP - 40 * 48) for hop in range(1, 6)] == [1, 2, 3, 4, 5]
    assert rig.metrics.gauge("solver.name").value == "counting"
    assert rig.metrics.histogram("solver.step").read().count == 5


def test_the_poses_are_those_of_the_solver_run_by_hand(rig: Rig) -> None:
    solver = EnergySolver()
    rig.stage.select(EnergySolver())
    sound = np.concatenate([voice.silence(0.2), voice.vowel("a", 0.3)])
    state, pose = solver.initial_state(), np.zeros(COUNT, np.float32)
    for hop in sound.reshape(-1, HOP):
        state = solver.step(hop, state, pose)
    rig.tape.add(sound[: -10 * HOP])
    rig.tape.add(sound[-10 * HOP :])
    wait_until(lambda: rig.track.count == 30)
    got = np.zeros(COUNT, np.float32)
    assert rig.track.newest_index is not None
    rig.track.sample(rig.track.newest_index, got)
    assert np.array_equal(got, pose)


def test_a_backlog_is_skipped_counted_and_begun_afresh(rig: Rig) -> None:
    rig.play(3)
    rig.solver.gate.clear()
    rig.tape.add(np.zeros(HOP, np.float32))
    rig.tape.add(np.zeros(100 * HOP, np.float32))
    rig.solver.gate.set()
    wait_until(lambda: rig.value("solver.skipped") == 1)
    rig.play(2)
    wait_until(lambda: rig.track.newest_index == 106 * HOP - 40 * 48)
    assert rig.track.count == 6
    assert shown(rig, 106 * HOP - 40 * 48) == 2
    assert rig.solver.streams == 2


def test_sound_overwritten_under_its_hands_is_skipped(rig: Rig) -> None:
    rig.play(3)
    rig.tape.oldest = 4 * HOP
    rig.tape.add(np.zeros(2 * HOP, np.float32))
    wait_until(lambda: rig.value("solver.skipped") == 1)
    rig.play(1)
    wait_until(lambda: rig.track.newest_index == 6 * HOP - 40 * 48)


def test_an_old_stream_is_joined_at_its_end() -> None:
    rig = Rig()
    rig.tape.add(np.zeros(10 * RATE_HZ + 123, np.float32))
    rig.stage.start()
    rig.tape.add(np.zeros(HOP, np.float32))
    wait_until(lambda: rig.track.count == 1)
    rig.stage.stop()
    assert rig.track.newest_index == 601 * HOP - 40 * 48
    assert rig.value("solver.skipped") == 0


def test_the_fallback_takes_over_from_a_solver_that_fails(rig: Rig) -> None:
    rig.play(3)
    rig.solver.failure = RuntimeError("out of memory")
    rig.play(3)
    wait_until(lambda: rig.track.count == 5)
    assert rig.track.newest_index == 6 * HOP
    assert rig.stage.lookahead_ms == 0
    assert rig.value("solver.failed") == 1
    (problem,) = rig.problems.current()
    assert problem.code == "solver_failed"
    assert "out of memory" in problem.message
    assert "spare" in problem.remedy
    assert rig.metrics.gauge("solver.name").value == "spare"


def test_not_a_number_is_a_failure(rig: Rig) -> None:
    rig.solver.answer = float("nan")
    rig.play(2)
    wait_until(lambda: rig.track.count == 1)
    assert rig.codes() == ["solver_failed"]
    assert shown(rig, 2 * HOP) == 1


def test_when_the_fallback_fails_too_the_stage_lives_and_shows_nothing(rig: Rig) -> None:
    rig.solver.failure = rig.fallback.failure = ValueError("broken")
    rig.play(10)
    assert rig.track.count == 0
    assert rig.codes() == ["solver_failed", "solver_fallback_failed"]
    assert rig.value("solver.failed") == 2
    rig.fallback.failure = None
    rig.stage.select(rig.fallback)
    rig.play(2)
    wait_until(lambda: rig.track.count > 0)
    wait_until(lambda: rig.codes() == [])


def test_another_solver_takes_over_without_a_pause(rig: Rig) -> None:
    rig.play(3)
    other = Counting("other", 80)
    rig.stage.select(other)
    rig.play(5)
    # With twice the look-ahead its first poses belong to moments that were shown already.
    wait_until(lambda: rig.track.newest_index == 8 * HOP - 80 * 48)
    assert rig.stage.lookahead_ms == 80
    assert rig.value("solver.skipped") == 0


def test_stopped_and_started_it_begins_a_new_stream(rig: Rig) -> None:
    rig.play(3)
    rig.stage.stop()
    rig.tape.add(np.zeros(RATE_HZ, np.float32))
    rig.stage.start()
    rig.play(1)
    wait_until(lambda: rig.track.newest_index == 64 * HOP - 40 * 48)
    assert shown(rig, 64 * HOP - 40 * 48) == 1


def test_a_restart_gives_the_wanted_solver_another_chance(rig: Rig) -> None:
    rig.solver.failure = RuntimeError("once")
    rig.play(2)
    wait_until(lambda: rig.codes() == ["solver_failed"])
    rig.solver.failure = None
    rig.stage.stop()
    rig.stage.start()
    rig.play(1)
    wait_until(lambda: rig.codes() == [])
    assert rig.metrics.gauge("solver.name").value == "counting"


def test_a_thread_that_hung_does_no_harm_when_it_comes_back(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visaged.face.stage._STOP_S", 0.05)
    rig.solver.gate.clear()
    rig.tape.add(np.zeros(HOP, np.float32))
    (hung,) = [thread for thread in threading.enumerate() if thread.name == "solver"]
    wait_until(lambda: rig.solver.streams == 1)
    rig.stage.stop()
    rig.solver.gate.set()
    hung.join(PATIENCE_S)
    assert rig.track.count == 0


def test_it_shows_that_it_lives_without_sound(rig: Rig) -> None:
    first = rig.stage.alive_ns
    wait_until(lambda: rig.stage.alive_ns > first)
    wait_until(lambda: rig.stage.alive_ns > first + 100_000_000)


def test_speech_is_announced_with_its_beginning_and_its_end(rig: Rig) -> None:
    rig.tape.add(np.concatenate([voice.silence(0.2), voice.vowel("a", 0.2)]))
    wait_until(lambda: rig.speech != [])
    assert rig.stage.speaking
    rig.tape.add(voice.silence(0.45))
    wait_until(lambda: len(rig.speech) == 2)
    assert [speaking for speaking, _ in rig.speech] == [True, False]
    assert rig.speech[0][1] == pytest.approx(0.2 * RATE_HZ, abs=2 * HOP)
    assert rig.speech[1][1] == pytest.approx(0.4 * RATE_HZ, abs=2 * HOP)


def test_speech_ends_when_the_sound_stops_coming(rig: Rig) -> None:
    rig.tape.add(np.concatenate([voice.silence(0.2), voice.vowel("a", 0.2)]))
    wait_until(lambda: len(rig.speech) == 2)
    assert rig.speech[1] == (False, 24 * HOP)
    assert not rig.stage.speaking
