"""A sound file to a face, faster than real time: the daemon's own stages on a clock that waits for nobody.

What is simulated is the live run: at each tick only the sound that would have been heard by then has reached the
solver, and the face shows what was heard one latency budget ago. So the poses are those of a live run with the same
seed, settings and tick phase; frame k of the recording belongs to the sound at k / fps. Capsules, which come by command
or by mood, are no part of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np

from visaged.animation.animator import Animator
from visaged.animation.stage import LEAD_MS, AnimatorStage
from visaged.audio.file_reader import FileReader, opened
from visaged.clock import NS_PER_MS, NS_PER_S, RATE_HZ, TickSchedule, Timeline
from visaged.config import Settings
from visaged.curves import Pose, neutral
from visaged.face.activity import Activity
from visaged.face.factory import SolverCallbacks
from visaged.face.latency_budget import budget_ns
from visaged.face.manager import SolverManager
from visaged.face.solver import HOP, Solver
from visaged.metrics import Metrics
from visaged.problems import Problems
from visaged.recording import Recording
from visaged.track import FaceTrack

# Any instant will do, for idle life counts from its first tick.
_START_NS: Final = 0

Progress = Callable[[float], None]
"""Told how many seconds of sound are done, now and then."""


class OfflineError(Exception):
    """The file cannot be rendered as asked. The message says why and what to do."""


class _Frames:
    """A pose sink that keeps everything."""

    def __init__(self) -> None:
        self.poses: list[Pose] = []

    def publish(self, tick: int, pose: Pose, media_time_ns: int) -> None:
        """Keep a copy."""
        self.poses.append(pose.copy())


class _Chosen:
    """Takes the solver that the settings name, in place of the solver stage."""

    def __init__(self) -> None:
        self.solver: Solver[Any] | None = None

    def select(self, solver: Solver[Any] | None) -> None:
        """Keep it."""
        self.solver = solver


class Hearing:
    """The solver's side: reads the file hop by hop and lays the poses into the track."""

    def __init__(self, reader: FileReader, solver: Solver[Any], track: FaceTrack) -> None:
        self._reader = reader
        self._solver = solver
        self._track = track
        self._state = solver.initial_state()
        self._lookahead = round(solver.lookahead_ms * RATE_HZ / 1000)
        self._sound = np.zeros(HOP, np.float32)
        self._pose = neutral()
        self._position = 0
        self.end: int | None = None
        """Samples in the file, once its end was met."""
        self.voice = False
        """Whether somebody was heard to speak."""
        self._activity = Activity()

    def hear_up_to(self, index: int) -> None:
        """Solve every whole hop up to sample ``index``; behind the end of the file is silence."""
        while self._position + HOP <= index:
            count = self._reader.read(self._sound)
            self._sound[count:] = 0
            if count < HOP and self.end is None:
                self.end = self._position + count
            self._position += HOP
            self._activity.hear(self._sound)
            self.voice = self.voice or self._activity.speaking
            self._state = self._solver.step(self._sound, self._state, self._pose)
            self._track.append(self._position - self._lookahead, self._pose)


def render(
    sound: Path | FileReader,
    settings: Settings,
    roots: Sequence[Path],
    progress: Progress | None = None,
    solver: Solver[Any] | None = None,
) -> Recording:
    """Render a sound file; ``roots``: where model packages are looked for. Of a reader, what is odd is in its notices.

    ``solver``: one that is open already, in place of the one that the settings name.

    Raises FileUnusable (the sound), OfflineError (no such solver here), SessionError (its model failed).
    """
    metrics, problems, track, timeline, frames = Metrics(), Problems(), FaceTrack(), Timeline(), _Frames()
    animator = Animator(settings.face, settings.animation, metrics, problems.open)
    solver = solver or open_solver(settings, roots, problems, animator.request_blink)
    stage = AnimatorStage(animator, track, timeline, frames, metrics=metrics, realtime_priority=0)
    # Blocks as of a microphone: they decide at which tick the solver learns of a thing. A file is not held back by a
    # resampler, live neither.
    block = settings.audio.input.block_ms * RATE_HZ // 1000
    stage.budget_ns = budget_ns(solver.lookahead_ms, HOP, block, 0.0, LEAD_MS)
    timeline.restart(0, _START_NS)
    schedule = TickSchedule(settings.livelink.fps, _START_NS + stage.budget_ns)
    with opened(sound, settings.audio.input.gain_db) as reader:
        hearing = Hearing(reader, solver, track)
        tick = 0
        while True:
            due_ns = schedule.time_ns(tick)
            heard = int((due_ns - _START_NS - LEAD_MS * NS_PER_MS) * RATE_HZ // NS_PER_S)
            hearing.hear_up_to(heard - heard % block)
            if hearing.end is not None and Fraction(tick * RATE_HZ) >= hearing.end * settings.livelink.fps:
                break
            stage.render(tick, due_ns)
            tick += 1
            if progress is not None and tick % 30 == 0:
                progress(tick / float(settings.livelink.fps))
        if not hearing.voice:
            reader.say("nobody speaks in it: no voice was heard above the noise")
    if not frames.poses:
        raise OfflineError(f"{reader.name} has no sound in it. Give a file that is not cut off")
    return Recording(np.stack(frames.poses), settings.livelink.fps)


def bare_solver(settings: Settings, roots: Sequence[Path]) -> Solver[Any]:
    """The solver that the settings name, the mouth alone: without brows and head. Raises OfflineError."""
    face = settings.face.model_copy(update={"prosody": 0.0})
    return open_solver(settings.model_copy(update={"face": face}), roots, Problems(), lambda: None)


def open_solver(
    settings: Settings, roots: Sequence[Path], problems: Problems, on_phrase_end: Callable[[], None] = lambda: None
) -> Solver[Any]:
    """The solver that the settings name; nothing stands in for it. Raises OfflineError.

    A recording is made once and kept.
    """
    solvers, chosen = SolverManager(roots, problems, SolverCallbacks(on_phrase_end), patient=True), _Chosen()
    solvers.open(settings, chosen)
    if chosen.solver is None or (settings.face.solver != "energy" and solvers.package is None):
        reasons = "; ".join(problem.message for problem in problems.current())
        raise OfflineError(f"solver '{settings.face.solver}': {reasons}. Install a package, or use --solver energy")
    return chosen.solver
