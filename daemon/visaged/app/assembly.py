"""From settings to stages that are made, wired, and not started yet."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from visaged.animation.animator import Animator
from visaged.animation.stage import AnimatorStage
from visaged.app import latency
from visaged.app.stages import Stages
from visaged.app.voice_events import VoiceEvents
from visaged.audio.capture import Capture
from visaged.audio.line_voice import LineVoice
from visaged.audio.playback import Playback
from visaged.clock import now_ns
from visaged.config.safe_mode import Loaded
from visaged.conversation.mode import Converse
from visaged.conversation.parts import FaceParts
from visaged.face.degradation import SolverDegradation
from visaged.face.factory import SolverCallbacks
from visaged.face.manager import SolverManager
from visaged.face.selected_model import SelectedModelFile
from visaged.face.selection import SolverSelection
from visaged.face.stage import SolverStage
from visaged.metrics import Metrics
from visaged.outputs.destinations import outputs_of
from visaged.outputs.output import FaceOutput
from visaged.problems import Problems
from visaged.system.last_end import state_folder
from visaged.track import FaceTrack


def assemble(loaded: Loaded, model_roots: tuple[Path, ...], events: VoiceEvents) -> Stages:
    """The stages as ``loaded`` wants them; what the voice tells goes to ``events``."""
    settings = loaded.settings
    metrics, problems, track = Metrics(), Problems(), FaceTrack()
    priority = settings.runtime.realtime_priority
    # Whoever holds the interpreter lock holds up every other thread: all that the face waits for must get to run.
    below = max(priority - 1, 0)
    output = FaceOutput(outputs_of(settings), settings.device.id, priority, problems, metrics)
    capture = Capture(
        settings.audio.input,
        metrics,
        problems,
        # Nobody has configured this machine: show what it does, with bundled speech if there is no microphone.
        demo=loaded.path is None,
        realtime_priority=below,
    )
    degradation = SolverDegradation(lambda level: selection.use_level(level), problems)  # noqa: PLW0108 - made below
    callbacks = SolverCallbacks(events.phrase_end, events.emotion, partial(degradation.set_pressure, "solver"))
    manager = SolverManager(model_roots, problems, callbacks, metrics)
    fallback = manager.fallback(settings)
    solver = SolverStage(
        capture.ring,
        track,
        solver=fallback,
        fallback=fallback,
        metrics=metrics,
        problems=problems,
        realtime_priority=below,
        on_speech=events.speech,
    )
    selection = SolverSelection(
        manager,
        solver,
        degradation,
        lambda: stages.settings,
        problems=problems,
        kept=SelectedModelFile(state_folder()),
    )
    animator = Animator(settings.face, settings.animation, metrics, problems.open)
    animation = AnimatorStage(
        animator, track, capture.timeline, output, metrics=metrics, problems=problems, realtime_priority=below
    )
    parts = FaceParts(model_roots, metrics, problems, track, capture, solver, animation)
    converse = Converse(parts, settings, lambda: latency.voice_to_speaker_ns(stages))
    line_voice = LineVoice(now_ns)
    playback = Playback(
        settings.audio.output, [*converse.voices, line_voice], metrics, problems, realtime_priority=below
    )
    stages = Stages(
        settings=settings,
        model_roots=model_roots,
        metrics=metrics,
        problems=problems,
        track=track,
        output=output,
        capture=capture,
        solver=solver,
        selection=selection,
        animator=animator,
        animation=animation,
        converse=converse,
        line_voice=line_voice,
        playback=playback,
    )
    return stages
