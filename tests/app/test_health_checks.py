"""The watchdog over a whole daemon in this process: every stage wedged once, in ways that a stage can be wedged."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.patience import wait_until
from visaged import samples
from visaged.app.daemon import Daemon
from visaged.app.health_checks import watched
from visaged.clock import NS_PER_S, now_ns
from visaged.config.safe_mode import load_or_safe
from visaged.curves import Pose
from visaged.face.energy import EnergySolver
from visaged.face.solver import Sound
from visaged.outputs.output import FaceOutput
from visaged.system import watchdog


class _Wedge(EnergySolver):
    """A step that does not return until it is let go."""

    def __init__(self) -> None:
        super().__init__(0)
        self.released = threading.Event()

    def step(self, sound: Sound, state: Any, pose: Pose) -> Any:
        self.released.wait()
        return super().step(sound, state, pose)


class _Layer:
    """A layer that hangs once."""

    def __init__(self) -> None:
        self.released = threading.Event()
        self.hung = False

    def apply(self, pose: Pose, time_ns: int) -> None:
        if not self.hung:
            self.hung = True
            self.released.wait()


@pytest.fixture
def daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Daemon]:
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    items = [
        'audio.input.backend="file"',
        f'audio.input.path="{samples.speech_path()}"',
        "audio.input.loop=true",
        "face.solver=energy",
        "runtime.realtime_priority=0",
        'livelink.targets=["127.0.0.1:9"]',
    ]
    daemon = Daemon(load_or_safe(None, items))
    daemon.start()
    yield daemon
    daemon.stop()


def _until(daemon: Daemon, condition: Callable[[], object]) -> None:
    def supervised() -> object:
        daemon.supervise()
        return condition()

    wait_until(supervised, look_s=0.05)


def _restarts(daemon: Daemon) -> float:
    return float(daemon.stages.metrics.values()["watchdog.restarts"] or 0)


def test_a_daemon_that_is_well_has_nothing_wedged(daemon: Daemon) -> None:
    stages = watched(daemon.stages)
    # A machine that stood still for a second itself has a moment to catch up.
    for _ in range(20):
        wait_until(lambda: [stage.wedged(now_ns()) for stage in stages] == [None] * len(stages))
        time.sleep(0.05)


def test_a_wedged_solver_is_started_anew_and_the_voice_moves_the_face_again(daemon: Daemon) -> None:
    wedge = _Wedge()
    daemon.stages.solver.select(wedge)
    _until(daemon, lambda: _restarts(daemon) >= 1)
    wedge.released.set()
    before = daemon.stages.solver.heard_ns
    _until(daemon, lambda: daemon.stages.solver.heard_ns > before + 500_000_000)
    assert not daemon.restart_wanted.is_set()
    assert "stage_wedged" in {problem.code for problem in daemon.stages.problems.current()}


def test_a_wedged_animator_is_started_anew_and_the_old_thread_makes_no_pose_more(daemon: Daemon) -> None:
    layer = _Layer()
    daemon.stages.animator.add_layer("test", layer)
    _until(daemon, lambda: _restarts(daemon) >= 1)
    made = daemon.stages.animation.last_render_ns
    _until(daemon, lambda: daemon.stages.animation.last_render_ns > made + 200_000_000)
    layer.released.set()
    _until(daemon, lambda: [thread.name for thread in threading.enumerate()].count("animator") == 1)


def test_sound_that_is_not_taken_in_is_a_wedge_but_not_a_first_block_after_a_pause(daemon: Daemon) -> None:
    _until(daemon, lambda: daemon.stages.solver.heard_ns and daemon.stages.capture.running)
    solver = next(stage for stage in watched(daemon.stages) if stage.name == "solver")
    daemon.stages.solver.stop()
    now = now_ns()
    # As of a thread that comes round and hears nothing, though blocks come.
    daemon.stages.solver.alive_ns = now + 60 * NS_PER_S
    daemon.stages.solver.heard_ns = now - 60 * NS_PER_S
    assert solver.wedged(now) is None, "it may be the first block after a minute without a microphone"
    assert solver.wedged(now + 5 * NS_PER_S // 2) == "no sound was taken in for 2.5 s"
    daemon.stages.solver.heard_ns = now + 2 * NS_PER_S
    assert solver.wedged(now + 3 * NS_PER_S) is None


def test_a_sender_that_stops_is_a_wedge_but_not_one_that_has_yet_to_start(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    _until(daemon, lambda: daemon.stages.output.ticks > 0)
    sender = next(stage for stage in watched(daemon.stages) if stage.name == "Live Link sender")
    later = now_ns() + 60 * NS_PER_S
    assert (sender.wedged(later) or "").startswith("no packet was sent for")
    monkeypatch.setattr(FaceOutput, "ticks", 0)
    assert sender.wedged(later) is None, "how long a start may take is systemd's to say"


def test_a_stage_that_stays_wedged_asks_for_a_new_process_and_leaves_the_reason(
    daemon: Daemon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _until(daemon, (tmp_path / "running").exists)
    monkeypatch.setattr(watchdog, "RESTARTS", 0)
    wedge = _Wedge()
    daemon.stages.solver.select(wedge)
    _until(daemon, daemon.restart_wanted.is_set)
    assert (tmp_path / "running").read_text().split(" ", 1)[1].startswith("solver: no sign of life for")
    wedge.released.set()
