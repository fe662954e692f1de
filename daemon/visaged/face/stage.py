"""The solver stage: takes sound hop by hop and lays timed poses into the face track."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from visaged.audio.ring_reader import TOO_LATE, RingReader, SoundSource
from visaged.clock import NS_PER_S, RATE_HZ, now_ns
from visaged.curves import all_finite, neutral
from visaged.face.activity import HANG_OVER_S, Activity
from visaged.face.solver import FRAME_RATE_HZ, HOP, Solver
from visaged.metrics import Metrics
from visaged.problems import Problems
from visaged.realtime import go_realtime
from visaged.stage_thread import StageThread
from visaged.track import FaceTrack

log = logging.getLogger(__name__)

AnySolver = Solver[Any]

_FRAME_NS: Final = NS_PER_S // FRAME_RATE_HZ
# A step takes milliseconds; a thread that is not back by then hangs in a library and is left behind.
_STOP_S: Final = 2.0


class NotFinite(ArithmeticError):
    """A solver answered with NaN or infinity."""


class SolverStage:
    """Runs one solver on its own thread ("solver"). ``select``, ``start``, ``stop`` and reading: any thread.

    It never waits for whoever reads the track, and never works off a backlog: what is too late to be shown is skipped.
    A solver that fails is replaced by ``fallback``; if that fails too, no poses come and the face eases out.
    """

    def __init__(
        self,
        source: SoundSource,
        track: FaceTrack,
        *,
        solver: AnySolver,
        fallback: AnySolver,
        metrics: Metrics,
        problems: Problems,
        realtime_priority: int = 0,
        on_speech: Callable[[bool, int], None] = lambda speaking, index: None,
    ) -> None:
        """``on_speech(speaking, index)``: speech began or ended at that sample; on this thread, must not raise."""
        self._priority = realtime_priority
        self.source = source
        """What it listens to; may be changed while the stage is stopped. With another index, reset the track, too."""
        self._track = track
        self._fallback = fallback
        self._problems = problems
        self._on_speech = on_speech
        self._steps = metrics.histogram("solver.step")
        self._late = metrics.counter("solver.late")
        self._skipped = metrics.counter("solver.skipped")
        self._failed = metrics.counter("solver.failed")
        self._name = metrics.gauge("solver.name")
        self._wanted: AnySolver | None = solver
        # What is to be begun before the next hop; the newest choice wins.
        self._chosen: deque[AnySolver | None] = deque(maxlen=1)
        self._solver: AnySolver | None = solver
        self._state: Any = None
        self._unproven = False
        self._activity = Activity()
        self._hop = np.zeros(HOP, np.float32)
        self._pose = neutral()
        self._thread = StageThread("solver", problems, "the solver does not return from a step", _STOP_S)
        self.alive_ns = now_ns()
        """When the thread last came round (CLOCK_MONOTONIC), for the watchdog: at least every 0.1 s and a step."""
        self.heard_ns = 0
        """When it last took in sound."""

    @property
    def lookahead_ms(self) -> float:
        """The look-ahead of the solver now running; it changes when another is selected or the fallback steps in."""
        solver = self._solver
        return self._fallback.lookahead_ms if solver is None else solver.lookahead_ms

    @property
    def speaking(self) -> bool:
        """Whether somebody speaks."""
        return self._activity.speaking

    def select(self, solver: AnySolver | None) -> None:
        """Use ``solver`` from the next hop on, with a fresh state; again with the same one starts it anew.

        None: speech is still listened for and moves nothing; the face lives on idle.
        """
        self._wanted = solver
        self._chosen.append(solver)

    def start(self) -> None:
        """Start the thread with the solver last selected; nothing happens when it runs."""
        if self._thread.alive:
            return
        self._chosen.append(self._wanted)
        self.alive_ns = now_ns()
        # What is heard from this call on counts, however long the thread takes to come up.
        self._thread.start(self._run, self._begin())

    def stop(self) -> None:
        """Stop the thread and wait for it; ``start`` may follow. One that hangs is left behind and does no harm."""
        self._thread.stop()

    def _run(self, stopping: threading.Event, position: int) -> None:
        go_realtime(self._priority)
        reader = RingReader(self.source, position, self._skip)
        while not stopping.is_set():
            self.alive_ns = now_ns()
            if self._chosen:
                self._use(self._chosen.popleft(), by_choice=True)
            if not reader.read(self._hop):
                self._hear_nothing(reader.position)
                continue
            self.heard_ns = now_ns()
            self._listen(reader.position)
            self._solve(reader.position, stopping)

    def _begin(self) -> int:
        """Where to start: the beginning of a stream that has just begun, else the present."""
        oldest, end = self.source.oldest, self.source.end
        return _on_grid(oldest + HOP - 1 if end - oldest <= TOO_LATE else end)

    def _skip(self, _: int) -> int:
        self._skipped.add()
        self._state = None
        position = _on_grid(self.source.end)
        if self._activity.forget():
            self._on_speech(False, position)
        return position

    def _use(self, solver: AnySolver | None, *, by_choice: bool) -> None:
        self._solver = solver
        self._state = None
        self._unproven = by_choice
        self._name.value = None if solver is None else solver.name
        if solver is not None:
            log.info("solver %s, look-ahead %g ms", solver.name, solver.lookahead_ms)

    def _listen(self, end: int) -> None:
        ago = self._activity.hear(self._hop)
        if ago is not None:
            self._on_speech(self._activity.speaking, end - ago)

    def _hear_nothing(self, position: int) -> None:
        if now_ns() - self.heard_ns > HANG_OVER_S * NS_PER_S and self._activity.forget():
            self._on_speech(False, position)

    def _solve(self, end: int, stopping: threading.Event) -> None:
        solver = self._solver
        if solver is None:
            return
        began_ns = now_ns()
        try:
            if self._state is None:
                self._state = solver.initial_state()
            self._state = solver.step(self._hop, self._state, self._pose)
            if not all_finite(self._pose):
                raise NotFinite("it answered with NaN or infinity")
        # Solvers run models that others made, through libraries that raise what they like: whatever it is, the face
        # must live on.
        except Exception as error:  # noqa: BLE001
            self._fail(solver, error)
            return
        if stopping.is_set():
            return
        took_ns = now_ns() - began_ns
        self._steps.record_ns(took_ns)
        if took_ns > _FRAME_NS:
            self._late.add()
        self._track.append(end - round(solver.lookahead_ms * RATE_HZ / 1000), self._pose)
        if self._unproven:
            self._unproven = False
            self._problems.clear("solver_failed")
            self._problems.clear("solver_fallback_failed")

    def _fail(self, solver: AnySolver, error: Exception) -> None:
        self._failed.add()
        log.debug("solver %s failed", solver.name, exc_info=error)
        message = f"solver '{solver.name}' failed: {error or type(error).__name__}"
        if solver is not self._fallback:
            remedy = f"'{self._fallback.name}' moves the face instead; verify the model package, or set face.solver"
            self._problems.open("solver_failed", message, remedy)
            self._use(self._fallback, by_choice=False)
        else:
            remedy = "Speech does not move the face; restart the service, and report this with the log"
            self._problems.open("solver_fallback_failed", message, remedy)
            self._use(None, by_choice=False)


def _on_grid(index: int) -> int:
    """The last multiple of HOP up to ``index``: hops lie on one grid, so that a replay meets the same ones."""
    return index - index % HOP
