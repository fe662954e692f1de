"""The daemon: makes the stages, wires them, starts and stops them. The one place that knows them all."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from visaged.animation.animator import Animator
from visaged.animation.stage import LEAD_MS, AnimatorStage
from visaged.app.load_shedding import LoadShedding
from visaged.app.systemd import SystemdService
from visaged.audio.capture import Capture
from visaged.audio.line_voice import LineVoice
from visaged.audio.playback import Playback
from visaged.capsules.errors import CapsuleError
from visaged.clock import NS_PER_MS, RATE_HZ, now_ns
from visaged.config import Settings
from visaged.config.safe_mode import Loaded
from visaged.conversation.mode import Converse
from visaged.face.degradation import FallbackLevel, SolverDegradation, fallback_levels, level_name, with_solver
from visaged.face.factory import SolverCallbacks
from visaged.face.manager import SolverManager
from visaged.face.solver import HOP
from visaged.face.stage import SolverStage
from visaged.inference.find import search_roots
from visaged.latency_budget import budget_ns
from visaged.metrics import Metrics
from visaged.outputs.output import LiveLinkOutput
from visaged.problems import Problems
from visaged.system.last_end import EndRecord, state_folder
from visaged.system.notify import Notifier
from visaged.system.pressure import MemoryShortage
from visaged.system.sensors import Sensors
from visaged.track import FaceTrack

if TYPE_CHECKING:
    from visaged.app.control import Control
    from visaged.inference.package import Package

log = logging.getLogger(__name__)

# Long enough not to be a jerk, short enough for a person who waits for the prompt.
_EASE_OUT_MS: Final = 300.0
# Then a tick must have been rendered, so that the last packet is at rest; at 24 fps they are 42 ms apart.
_REST_MS: Final = 50.0
# A new sender's first packet leaves about 85 ms after it was started (docs/benchmarks.md).
_SENDER_START_S: Final = 0.2


class Daemon:
    """One face. ``start``, then ``supervise`` a few times a second, then ``stop``; all from one thread."""

    control: Control

    def __init__(self, loaded: Loaded, overrides: Sequence[str] = (), models_dir: Path | None = None) -> None:
        """``overrides``: the --set items that ``loaded`` was made with; ``models_dir``: searched before all others."""
        settings = loaded.settings
        self.settings = settings
        self.config_path = loaded.path
        self.overrides = tuple(overrides)
        self.model_roots = search_roots(models_dir)
        self.restart_wanted = threading.Event()
        """Set by the command ``restart``: stop cleanly and start again."""
        self._complete = threading.Event()
        self.metrics = Metrics()
        self.problems = Problems()
        self.track = FaceTrack()
        priority = settings.runtime.realtime_priority
        # Whoever holds the interpreter lock holds up every other thread: all that the face waits for must get to run.
        below = max(priority - 1, 0)
        self.output = LiveLinkOutput(settings.livelink, settings.device.id, priority, self.problems, self.metrics)
        self.capture = Capture(
            settings.audio.input,
            self.metrics,
            self.problems,
            # Nobody has configured this machine: show what it does, with bundled speech if there is no microphone.
            demo=loaded.path is None,
            realtime_priority=below,
        )
        self.degradation = SolverDegradation(self._use_level, self.problems)
        trouble = partial(self.degradation.set_pressure, "solver")
        callbacks = SolverCallbacks(self._blink_at_phrase_end, self._on_emotion, trouble)
        self.solvers = SolverManager(self.model_roots, self.problems, callbacks, self.metrics)
        self._load_shedding = LoadShedding(self.degradation, Sensors(Path("/")), MemoryShortage())
        self._selected: tuple[Package, str] | None = None
        fallback = self.solvers.fallback(settings)
        self.solver = SolverStage(
            self.capture.ring,
            self.track,
            solver=fallback,
            fallback=fallback,
            metrics=self.metrics,
            problems=self.problems,
            realtime_priority=below,
            on_speech=self._on_speech,
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
        self.converse = Converse(self, self.voice_to_speaker_ns)
        self.line_voice = LineVoice(now_ns)
        self.playback = Playback(
            settings.audio.output,
            [*self.converse.voices, self.line_voice],
            self.metrics,
            self.problems,
            realtime_priority=below,
        )
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
        self.degradation.restart(self._levels)
        self._start_capsules()
        self._start_control()
        self._complete.set()
        self.service = SystemdService(self, Notifier(), EndRecord(state_folder()))
        self.control.health.add("service", self.service.health)
        self.supervise()

    def supervise(self) -> None:
        """Look after what changes slowly, and after the stages."""
        self.animation.budget_ns = self.voice_to_packet_ns()
        self._load_shedding.update(now_ns())
        self.service.update()

    def reload(self) -> None:
        """Read the settings file again and run with it."""
        self.service.reloading()
        self.control.reload()

    def stop(self) -> None:
        """Ease the face to rest, send the last packet, end every thread."""
        self.service.stopping(again=self.restart_wanted.is_set())
        self.converse.stop()
        self.control.stop()
        self.animator.ease_to_neutral(now_ns(), _EASE_OUT_MS)
        time.sleep((_EASE_OUT_MS + _REST_MS) / 1000)
        self.output.stop()
        self.animation.stop()
        self.capsules.stop()
        self.playback.stop()
        self.solver.stop()
        self.solvers.close()
        self.capture.stop()
        self.service.ended()

    def voice_to_packet_ns(self) -> int:
        """How far behind the voice the face is shown (budget.py), for what is open and running now."""
        # An answer is there before it is due, so each of its samples is a block of its own.
        mirror = self.converse.mode == "mirror"
        block = self.settings.audio.input.block_ms * RATE_HZ // 1000 if mirror else 1
        held_back_ms = (self.metrics.gauge("audio.resampler_ms").value or 0.0) if mirror else 0.0
        return budget_ns(self.solver.lookahead_ms, HOP, block, float(held_back_ms), LEAD_MS)

    def voice_to_speaker_ns(self) -> float:
        """How far behind the voice the speaker plays it: as far as the face, unless it was set by hand."""
        delay_ms = self.settings.audio.output.delay_ms
        return self.animation.budget_ns if delay_ms == "auto" else delay_ms * NS_PER_MS

    def output_pids(self) -> tuple[int, ...]:
        """The processes of this daemon: its own, the sender's, and that of a solver which has one."""
        sender = self.output.pid
        return (os.getpid(), *(() if sender is None else (sender,)), *self.solvers.pids())

    def restart_capture(self) -> None:
        """What hangs in a driver is left behind; the next try opens the device anew."""
        self.capture.stop()
        self.capture.start()

    def restart_solver(self) -> None:
        """The same solver with a fresh state."""
        self.solver.stop()
        self.solver.start()

    def restart_animation(self) -> None:
        """The face goes on from the pose that it was left in."""
        self.animation.start(self.output.schedule)

    def restart_playback(self) -> None:
        """As for capture."""
        self.playback.stop()
        self.playback.start()

    def use_face(self, settings: Settings) -> None:
        """New strength, scale, smoothing, idle life; the face settles into them."""
        self.control.face.use(settings)
        self.animator.configure(settings.face, settings.animation)

    def use_solver(self, settings: Settings) -> None:
        """Another solver, or the same one with other settings."""
        self._selected = None
        self.solvers.open(settings, self.solver)
        self.degradation.restart(self._levels)

    def use_package(self, package: Package, precision: str) -> None:
        """Another model for the face. Raises PackageError, SessionError, ValueError; the one before stays in use."""
        self.solvers.open_package(package, precision, self.settings, self.solver)
        self._selected = (package, precision)
        self.degradation.restart(self._levels)
        self.control.events.tell("model_changed", name=package.manifest.name, version=package.manifest.version)

    def use_livelink(self, settings: Settings) -> None:
        """Another rate, subject or other targets: a new sender takes over within some ticks."""
        old, priority = self.output, settings.runtime.realtime_priority
        for problem in self.problems.current():
            if problem.code.startswith("livelink_target_"):
                self.problems.clear(problem.code)
        self.output = LiveLinkOutput(
            settings.livelink, settings.device.id, priority, self.problems, self.metrics, after=old
        )
        self.output.start()
        time.sleep(_SENDER_START_S)
        self.animation.stop()
        old.stop()
        self.animation.sink = self.output
        self.animation.start(self.output.schedule)

    def use_mqtt(self, settings: Settings) -> None:
        """Another broker, other groups, or none."""
        self.control.use_mqtt(settings)

    def pin(self, before: Iterable[str], after: Iterable[str]) -> None:
        """Keep ``after`` on the device instead of ``before``. Raises CapsuleError, with nothing changed."""
        old, new = set(before), set(after)
        pinned: list[str] = []
        try:
            for cid in sorted(new - old):
                self.capsules.pin(cid)
                pinned.append(cid)
        except CapsuleError:
            for cid in pinned:
                self.capsules.unpin(cid)
            raise
        for cid in old - new:
            self.capsules.unpin(cid)

    def _levels(self) -> tuple[FallbackLevel, ...]:
        package = self.solvers.package
        lower = () if package is None or self.solvers.precision == "int8" else tuple(package.manifest.files)
        return fallback_levels(self._wanted(), lower)

    def _wanted(self) -> Settings:
        """The settings, with the solver that was selected by command."""
        selected = self._selected
        return self.settings if selected is None else with_solver(self.settings, selected[0].manifest.kind)

    def _use_level(self, level: FallbackLevel) -> None:
        """A change of level (the thread that supervises)."""
        if level is None:
            self.solvers.rest(self.solver)
        elif self._selected is not None and level_name(level) == level_name(self._wanted()):
            self.solvers.open_package_later(*self._selected, level, self.solver)
        else:
            self.solvers.open_later(level, self.solver)

    def _start_capsules(self) -> None:
        # Imported late, like the control side: the face is on its way before they are read from disk.
        from visaged.app.capsules import start_capsules  # noqa: PLC0415
        from visaged.app.line_decoder import LineDecoder  # noqa: PLC0415

        says = LineDecoder(lambda: self.settings, self.model_roots, self.problems)
        self.capsules = start_capsules(self.settings.capsules, self.line_voice, self._on_capsule, self.problems, says)
        self.animator.add_layer("capsules", self.capsules.layer)

    def _start_control(self) -> None:
        from visaged.app.control import Control  # noqa: PLC0415

        self.control = Control(self)
        self.control.start()
        self.converse.start(self.control, self.control.events.tell)

    def _on_speech(self, speaking: bool, index: int) -> None:
        """The solver's thread: speech begins or ends at sample ``index``; the face shows it one budget later."""
        if not self._complete.is_set():
            return
        heard_ns = self.animation.timeline.time_at(index)
        if speaking and heard_ns is not None:
            self.capsules.speech_onset(int(heard_ns) + self.animation.budget_ns)
        elif not speaking:
            self.capsules.speech_end()
        # In a conversation the guest's speech is told by the way up.
        if self.converse.mode == "mirror":
            self.control.events.tell("speech_start" if speaking else "speech_end")

    def _on_capsule(self, notice: dict[str, object]) -> None:
        """The capsules' side_effects thread."""
        if self._complete.is_set():
            self.control.events.tell_notice(notice)

    def _on_emotion(self, vector: tuple[float, float, float]) -> None:
        """The solver's thread: what the voice sounds like (valence, arousal, dominance)."""
        strength = self.settings.face.emotion
        if strength and self._complete.is_set():
            valence, arousal, dominance = vector
            self.capsules.push_emotion((strength * valence, strength * arousal, strength * dominance))

    def _blink_at_phrase_end(self) -> None:
        self.animator.request_blink()
