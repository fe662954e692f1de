"""What a conversation works with: the face that shows it, and who takes part once the daemon is complete."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from visaged.animation.stage import AnimatorStage
from visaged.audio.capture import Capture
from visaged.audio.line_voice import LineVoice
from visaged.audio.playback import Playback
from visaged.conversation.brains.mqtt_link import Broker
from visaged.face.stage import SolverStage
from visaged.metrics import Metrics
from visaged.problems import Problems
from visaged.track import FaceTrack

if TYPE_CHECKING:
    from visaged.capsules.service import Capsules


@dataclass(frozen=True)
class FaceParts:
    """There from the first moment: a guest must not be mirrored until the brain is reached."""

    model_roots: tuple[Path, ...]
    metrics: Metrics
    problems: Problems
    track: FaceTrack
    capture: Capture
    solver: SolverStage
    animation: AnimatorStage


@dataclass(frozen=True)
class Partners:
    """There once the daemon is complete."""

    broker: Broker
    tell: Callable[..., None]
    """``tell(kind, **values)``: an event."""
    playback: Playback
    line_voice: LineVoice
    capsules: Capsules
