"""The stages of one running face: what the boot list starts and every command, check and figure looks at."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from visaged.animation.animator import Animator
from visaged.animation.stage import AnimatorStage
from visaged.audio.capture import Capture
from visaged.audio.line_voice import LineVoice
from visaged.audio.playback import Playback
from visaged.config import Settings
from visaged.conversation.mode import Converse
from visaged.face.selection import SolverSelection
from visaged.face.stage import SolverStage
from visaged.metrics import Metrics
from visaged.outputs.output import FaceOutput
from visaged.problems import Problems
from visaged.track import FaceTrack

if TYPE_CHECKING:
    from visaged.capsules.service import Capsules
    from visaged.web.process import WebProcess


@dataclass
class Stages:
    """Plain data. A stage that is replaced while the daemon runs (``output``, ``settings``) is replaced here."""

    settings: Settings
    """In force now."""
    model_roots: tuple[Path, ...]
    """Where model packages are looked for, the first first."""
    metrics: Metrics
    problems: Problems
    track: FaceTrack
    output: FaceOutput
    capture: Capture
    solver: SolverStage
    selection: SolverSelection
    """Which solver runs in ``solver``."""
    animator: Animator
    animation: AnimatorStage
    converse: Converse
    line_voice: LineVoice
    playback: Playback
    capsules: Capsules = field(init=False)
    """From ``start`` on: capsules are read from disk when the face already moves."""
    web: WebProcess = field(init=False)
    """The same: the page's process, where it could be made."""

    @property
    def priority(self) -> int:
        """SCHED_FIFO of the stages below the sender: whoever holds the interpreter lock must get to run."""
        return max(self.settings.runtime.realtime_priority - 1, 0)
