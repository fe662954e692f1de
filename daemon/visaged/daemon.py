"""The daemon: makes the stages, wires them, starts and stops them. The one place that knows them all."""

from __future__ import annotations

import logging
import time
from typing import Final

from visaged.animation.animator import Animator
from visaged.animation.stage import LEAD_MS, AnimatorStage
from visaged.audio.capture import Capture
from visaged.audio.follower import DelayedRing
from visaged.audio.playback import Playback
from visaged.budget import budget_ns
from visaged.clock import NS_PER_MS, RATE_HZ, now_ns
from visaged.config.safe_mode import Loaded
from visaged.face.solver import HOP
from visaged.face.stage import SolverStage
from visaged.inference.find import search_roots
from visaged.livelink.output import LiveLinkOutput
from visaged.metrics import Metrics
from visaged.problems import Problems
from visaged.track import FaceTrack
from visaged.wiring.solvers import Solvers

log = logging.getLogger(__name__)

# Long enough not to be a jerk, short enough for a person who waits for the prompt.
_EASE_OUT_MS: Final = 300.0


class Daemon:
    """One face. ``start``, then ``supervise`` a few times a second, then ``stop``; all from one thread."""

    def __init__(self, loaded: Loaded) -> None:
        settings = loaded.settings
        priority = settings.runtime.realtime_priority
        # Whoever holds the interpreter lock holds up every other thread: all that the face waits for must get to run.
        below = max(priority - 1, 0)
        self.settings = settings
        self.metrics = Metrics()
        self.problems = Problems()
        self.track = FaceTrack()
        self.output = LiveLinkOutput(settings.livelink, settings.device.id, priority, self.problems, self.metrics)
        # Nobody has configured this machine: show what the box does, with the bundled speech if there is no microphone.
        self.capture = Capture(
            settings.audio.input,
            self.metrics,
            self.problems,
            demo=loaded.path is None,
            realtime_priority=below,
        )
        self.solvers = Solvers(search_roots(), self.problems, on_phrase_end=self._blink_at_phrase_end)
        fallback = self.solvers.fallback(settings)
        self.solver = SolverStage(
            self.capture.ring,
            self.track,
            solver=fallback,
            fallback=fallback,
            metrics=self.metrics,
            problems=self.problems,
            realtime_priority=below,
        )
        self.animator = Animator(settings.face, settings.animation, self.metrics, self.problems.open)
        self.animation = AnimatorStage(
            self.animator,
            self.track,
            self.capture.timeline,
            self.output,
            metrics=self.metrics,
            realtime_priority=below,
        )
        voice = DelayedRing(self.capture.ring, self.capture.timeline, self.voice_to_speaker_ns)
        self.playback = Playback(settings.audio.output, [voice], self.metrics, self.problems, realtime_priority=below)
        if loaded.safe_mode:
            remedy = "The face runs on idle. Correct it; check with: visaged config check"
            self.problems.open("config_rejected", "; ".join(map(str, loaded.issues)), remedy)

    def start(self) -> None:
        """The boot list. The face moves as soon as the second line is done; nothing after it may hold it up."""
        self.output.start()
        self.animation.start(self.output.schedule)
        self.capture.start()
        self.solver.start()
        self.playback.start()
        self.solvers.open_later(self.settings, self.solver)
        self.supervise()

    def supervise(self) -> None:
        """Look after what changes slowly."""
        self.animation.budget_ns = self.voice_to_packet_ns()

    def voice_to_packet_ns(self) -> int:
        """How far behind the voice the face is shown (budget.py), for what is open and running now."""
        block = self.settings.audio.input.block_ms * RATE_HZ // 1000
        held_back_ms = self.metrics.gauge("audio.resampler_ms").value or 0.0
        return budget_ns(self.solver.lookahead_ms, HOP, block, float(held_back_ms), LEAD_MS)

    def voice_to_speaker_ns(self) -> float:
        """How far behind the voice the speaker plays it: as far as the face, unless it was set by hand."""
        delay_ms = self.settings.audio.output.delay_ms
        return self.animation.budget_ns if delay_ms == "auto" else delay_ms * NS_PER_MS

    def _blink_at_phrase_end(self) -> None:
        self.animator.request_blink()

    def stop(self) -> None:
        """Ease the face to rest, send the last packet, end every thread."""
        self.animator.ease_to_neutral(now_ns(), _EASE_OUT_MS)
        time.sleep(_EASE_OUT_MS / 1000)
        self.output.stop()
        self.animation.stop()
        self.playback.stop()
        self.solver.stop()
        self.capture.stop()
