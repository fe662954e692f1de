"""What the wiring needs of the daemon that it is part of: its stages, and what only it can do with them."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from visaged.animation.animator import Animator
from visaged.animation.stage import AnimatorStage
from visaged.audio.capture import Capture
from visaged.audio.line_voice import LineVoice
from visaged.audio.playback import Playback
from visaged.capsules.service import Capsules
from visaged.config import Settings
from visaged.face.manager import SolverManager
from visaged.face.stage import SolverStage
from visaged.inference.package import Package
from visaged.metrics import Metrics
from visaged.outputs.output import LiveLinkOutput
from visaged.problems import Problems
from visaged.track import FaceTrack

if TYPE_CHECKING:
    from visaged.conversation.mode import Converse


class Box(Protocol):
    """One running face; ``daemon.Daemon`` is it."""

    settings: Settings
    config_path: Path | None
    overrides: tuple[str, ...]
    model_roots: tuple[Path, ...]
    restart_wanted: threading.Event
    metrics: Metrics
    problems: Problems
    output: LiveLinkOutput
    capture: Capture
    track: FaceTrack
    solver: SolverStage
    solvers: SolverManager
    animator: Animator
    animation: AnimatorStage
    playback: Playback
    converse: Converse
    line_voice: LineVoice
    capsules: Capsules

    def output_pids(self) -> tuple[int, ...]:
        """The daemon's processes."""
        ...

    def restart_capture(self) -> None:
        """Stop and start a wedged stage in place; like the next three, within 5 s."""
        ...

    def restart_solver(self) -> None:
        """See above."""
        ...

    def restart_animation(self) -> None:
        """See above."""
        ...

    def restart_playback(self) -> None:
        """See above."""
        ...

    def use_face(self, settings: Settings) -> None:
        """New strength, scale, smoothing, idle life."""
        ...

    def use_livelink(self, settings: Settings) -> None:
        """Another rate, subject or other targets."""
        ...

    def use_mqtt(self, settings: Settings) -> None:
        """Another broker, other groups, or none."""
        ...

    def use_solver(self, settings: Settings) -> None:
        """Another solver, or the same one with other settings."""
        ...

    def use_package(self, package: Package, precision: str) -> None:
        """Another model for the face. Raises PackageError, SessionError, ValueError."""
        ...

    def pin(self, before: Iterable[str], after: Iterable[str]) -> None:
        """Keep ``after`` on the device instead of ``before``. Raises CapsuleError."""
        ...
