"""The animator's thread: renders the pose of each tick a little before it is due and hands it to the sender."""

from __future__ import annotations

import threading
from typing import Final, Protocol

from visaged.animation.animator import Animator
from visaged.animation.history import PoseHistory
from visaged.clock import NS_PER_MS, RATE_HZ, TickSchedule, Timeline, now_ns, sleep_until
from visaged.curves import Pose, neutral
from visaged.metrics import Metrics
from visaged.problems import Problems
from visaged.realtime import go_realtime
from visaged.stage_thread import StageThread
from visaged.track import FaceTrack

# Rendering takes a third of a millisecond; the rest is for a late wake-up. It adds to the latency, so it is kept short.
LEAD_MS: Final = 2.5

# A held frame is still speech for this long; after that the animator eases out and no voice is shown any more.
_SPEECH_HOLD_MS: Final = 100.0
# Another delay is gone to by showing the voice this share slower or faster, which nobody sees: 200 ms take 0.8 s.
_SLEW: Final = 0.25
_STOP_S: Final = 1.0


class PoseSink(Protocol):
    """Takes the pose of a tick: in the daemon, the board that the sender reads."""

    def publish(self, tick: int, pose: Pose, media_time_ns: int) -> None:
        """Hand over pose number ``tick`` (copied) and the capture time of the sound that it shows (0: none)."""
        ...


class AnimatorStage:
    """One pose per tick of ``schedule``, forever. Never waits for sound: without it the face lives on idle."""

    def __init__(
        self,
        animator: Animator,
        track: FaceTrack,
        timeline: Timeline,
        sink: PoseSink,
        *,
        metrics: Metrics,
        problems: Problems | None = None,
        realtime_priority: int,
    ) -> None:
        """``realtime_priority``: SCHED_FIFO priority of the thread, 0 for none."""
        self.animator = animator
        self.budget_ns = 0
        """Voice to packet, in ns; may be changed at any time (see latency_budget.py)."""
        self.delay_ns = 0
        """How much later than that the face is, in ns; a change is gone to without a jump."""
        self._shown_delay_ns: int | None = None
        self._rendered_ns = 0
        self._track = track
        self.timeline = timeline
        """That of the voice in the track; may be changed at any time."""
        self.sink = sink
        """Where poses go; may be changed while the stage is stopped."""
        self.history = PoseHistory()
        self._priority = realtime_priority
        self._skipped = metrics.counter("animation.skipped_ticks")
        self._render_time = metrics.histogram("animation.render")
        self._thread = StageThread(
            "animator", problems or Problems(), "the animator does not return from a pose", _STOP_S
        )
        self.pose = neutral()
        """The newest pose; only to look at from other threads, it changes under their eyes."""
        self._speech = neutral()
        self.last_render_ns = 0
        """When a pose was last handed over (or the thread started), for the watchdog; 0: it does not run."""

    def start(self, schedule: TickSchedule) -> None:
        """Start rendering the ticks of ``schedule``; restarts the thread when it ran."""
        self.stop()
        self.last_render_ns = now_ns()
        self._thread.start(self._run, schedule)

    def stop(self) -> None:
        """Stop the thread; one that hangs is left behind and makes no pose more."""
        self._thread.stop()
        self.last_render_ns = 0

    def _run(self, stopping: threading.Event, schedule: TickSchedule) -> None:
        go_realtime(self._priority)
        lead_ns = round(LEAD_MS * NS_PER_MS)
        tick = schedule.tick_at(now_ns() + lead_ns) + 1
        while not stopping.is_set():
            sleep_until(schedule.time_ns(tick) - lead_ns)
            started_ns = now_ns()
            newest = schedule.tick_at(started_ns)
            if newest > tick:
                # The sender is past these: rendering them would only make the next one late too.
                self._skipped.add(newest - tick)
                tick = newest
            self.render(tick, schedule.time_ns(tick))
            if stopping.is_set():
                return
            self.last_render_ns = now_ns()
            self._render_time.record_ns(self.last_render_ns - started_ns)
            tick += 1

    def render(self, tick: int, due_ns: int) -> None:
        """Render the pose of ``tick``, which is sent at ``due_ns``, and hand it over."""
        if self._shown_delay_ns != self.delay_ns:
            self._shown_delay_ns = self._slew(due_ns)
        self._rendered_ns = due_ns
        media_ns = due_ns - self.budget_ns - self._shown_delay_ns
        index = self.timeline.index_at(media_ns)
        stale_samples = float("inf") if index is None else self._track.sample(index, self._speech)
        stale_ms = stale_samples * 1000 / RATE_HZ
        speech = None if stale_ms == float("inf") else self._speech
        self.animator.render(due_ns, speech, stale_ms, self.pose)
        shown_ns = 0 if stale_ms > _SPEECH_HOLD_MS else media_ns - round(stale_ms * NS_PER_MS)
        self.sink.publish(tick, self.pose, shown_ns)
        self.history.add(self.pose, due_ns)

    def _slew(self, due_ns: int) -> int:
        """The delay of this tick, on the way to another one."""
        shown, wanted = self._shown_delay_ns, self.delay_ns
        if shown is None:
            return wanted
        step = max(round((due_ns - self._rendered_ns) * _SLEW), 0)
        return min(shown + step, wanted) if wanted > shown else max(shown - step, wanted)
