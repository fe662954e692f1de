"""NeuroSync live: a rolling window over the voice's features, solved by a worker, blended into one movement.

The original solves whole utterances and shows them from the start; here a window of the newest 2.1 s is solved every
hop and its newest frames are shown. How long hop and look-ahead are, the box's speed decides (neurosync_plan.py).
Blinks, gaze and head are not the model's business (the original blanks them too): the idle layer moves them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from visaged.clock import NS_PER_MS
from visaged.curves import COUNT, REGIONS, Pose, make_legal
from visaged.face.neurosync.emotion import EmotionTracker, Vector
from visaged.face.neurosync.features.stream import FeatureStream, StreamState
from visaged.face.neurosync.pace import Pace, Verdict
from visaged.face.neurosync.plan import Plan
from visaged.face.neurosync.seams import Seams
from visaged.face.neurosync.window import OUTPUTS, Job, Solves
from visaged.face.solver import HOP, Sound
from visaged.inference.errors import SessionError
from visaged.metrics import Metrics

PERCENT: Final = 100.0
"""The model's curves are percent."""

# What the original blanks: blinks and gaze, tongue, head, eyeballs. Squint and width of the eyes stay.
BLANK: Final = tuple(
    sorted(
        {index for region in ("tongue", "head", "eyeballs") for index in REGIONS[region]}
        | {index for index in REGIONS["eyes"] if index % 7 not in (5, 6)}
    )
)
_BLANK: Final = list(BLANK)
# A frame that is late is the one before it; one that is more than 0.1 s late comes to rest, as a voice's last does in
# animation/: a mouth that stands open looks broken. It takes about as long to be itself again.
_HELD: Final = 6
_FADE: Final = 0.85
_RETURN: Final = 0.15


@dataclass
class NeurosyncState:
    """One stream."""

    pace: Pace
    features: StreamState = field(default_factory=StreamState)
    seams: Seams = field(default_factory=lambda: Seams(OUTPUTS))
    emotion: EmotionTracker = field(default_factory=EmotionTracker)
    heard: int = 0
    """Frames."""
    launched: int = 0
    """``heard`` when the last window was launched."""
    job: Job = field(default_factory=Job)
    waiting: bool = False
    """Whether ``job`` is with the worker."""
    gave_up: bool = False
    """Whether the box was found too slow."""
    strength: float = 1.0
    """Of what is shown; less while windows are missing."""


class NeurosyncSolver:
    """A ``Solver`` (solver.py). For one thread; the worker has its own.

    ``lookahead_ms`` follows the plan, which may change while a stream runs.
    """

    name = "neurosync"

    def __init__(
        self,
        worker: Solves,
        plan: Plan,
        *,
        metrics: Metrics | None = None,
        on_emotion: Callable[[Vector], None] = lambda vector: None,
        on_plan: Callable[[Plan], None] | None = None,
        on_trouble: Callable[[str], None] = lambda reason: None,
    ) -> None:
        """``on_emotion``: what the voice sounds like, twice a second of speech. ``on_plan``: another plan is followed;
        None: this one is, whatever happens. ``on_trouble``: the reason why another solver would do better, as this box
        does not keep up with any plan, or the model fails. All on the solver's thread; they must return at once and not
        raise.
        """
        self.plan = plan
        """Of the stream that runs, and of the next one."""
        self._worker = worker
        self._on_emotion = on_emotion
        self._on_plan = on_plan
        self._on_trouble = on_trouble
        self._stream = FeatureStream()
        self._clipped = np.zeros(HOP, np.float32)
        metrics = metrics or Metrics()
        self._windows = metrics.histogram("neurosync.window")
        self._late = metrics.counter("neurosync.late")

    @property
    def lookahead_ms(self) -> float:
        """See ``Solver``."""
        return self.plan.lookahead_ms

    def initial_state(self) -> NeurosyncState:
        """The state of a stream that has heard nothing but silence."""
        return NeurosyncState(Pace(self.plan))

    def step(self, sound: Sound, state: NeurosyncState, pose: Pose) -> NeurosyncState:
        """Hear ``sound`` (float32 [800]), write all of ``pose`` (float32 [61]), return the state. Never waits.

        A frame whose window is late is the one before it, and then comes to rest. Raises SessionError: the worker has
        failed for good, or answered with something that is no number.
        """
        np.clip(sound, -1.0, 1.0, out=self._clipped)
        self._stream.step(sound, state.features)
        state.heard += 1
        self._take_answer(state)
        if not state.waiting and state.heard - state.launched >= state.pace.plan.hop:
            self._launch(state)
        number = state.heard - state.pace.plan.lookahead
        if number >= state.seams.ready and state.heard > state.pace.plan.lookahead:
            self._late.add()
        self._show(state, number, pose)
        return state

    def _take_answer(self, state: NeurosyncState) -> None:
        if self._worker.failure is not None:
            raise self._failure(self._worker.failure)
        if not state.waiting:
            return
        job = state.job
        if not self._worker.answered(job):
            return
        state.waiting = False
        if job.lost:
            return
        if job.error is not None:
            raise self._failure(str(job.error)) from job.error
        new = state.seams.add(job.curves, job.end, state.pace.plan.context)
        speech = state.features.statistics.speech
        vector = state.emotion.hear(new[:, COUNT:]) if speech else None
        if vector is not None:
            self._on_emotion(vector)
        self._windows.record_ns(job.took_ms * NS_PER_MS)
        self._keep_pace(state, job.took_ms, quiet=not speech)

    def _keep_pace(self, state: NeurosyncState, took_ms: float, *, quiet: bool) -> None:
        if self._on_plan is None:
            return
        verdict = state.pace.answered(took_ms, quiet=quiet)
        if verdict is Verdict.TOO_SLOW and not state.gave_up:
            state.gave_up = True
            self._on_trouble(f"this box takes {took_ms:.0f} ms for a window, too long for a live face")
        elif verdict in (Verdict.WIDER, Verdict.NARROWER):
            self.plan = state.pace.plan
            self._on_plan(self.plan)

    def _failure(self, reason: str) -> SessionError:
        self._on_trouble(f"NeuroSync failed: {reason}")
        return SessionError(reason)

    def _launch(self, state: NeurosyncState) -> None:
        self._stream.window(state.features, state.job.features)
        state.job.end = state.heard
        if self._worker.offer(state.job):
            state.waiting = True
            state.launched = state.heard

    def _show(self, state: NeurosyncState, number: int, pose: Pose) -> None:
        if number - state.seams.ready >= _HELD:
            state.strength *= _FADE
        else:
            state.strength = min(1.0, state.strength + _RETURN)
        np.divide(state.seams.frame(number)[:COUNT], np.float32(PERCENT), out=pose)
        pose *= np.float32(state.strength)
        pose[_BLANK] = 0.0
        make_legal(pose)
