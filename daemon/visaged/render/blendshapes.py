"""A sound to rows of blendshapes as LocalAPI's clients know them: 61 curves at 60 fps, then seven emotions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visaged.audio.file_reader import FileReader
from visaged.config import Settings
from visaged.face.solver import FRAME_RATE_HZ, Solver
from visaged.problems import Problems
from visaged.render.offline import open_solver, render
from visaged.render.original_neurosync import compat_rows
from visaged.render.voice_emotion import EmotionListener, VoiceEmotion


def speech_only(settings: Settings, solver: str | None = None, lookahead_ms: int | None = None) -> Settings:
    """The settings of a render that shows the voice's movement alone, at 60 fps."""
    face = settings.face
    heard_ahead_ms = face.lookahead_ms if lookahead_ms is None else lookahead_ms
    chosen = {"solver": solver or face.solver, "lookahead_ms": heard_ahead_ms}
    return settings.model_copy(
        update={
            "face": face.model_copy(update=chosen),
            "animation": settings.animation.model_copy(update={"idle": False, "seed": 0}),
            "livelink": settings.livelink.model_copy(update={"fps": Fraction(FRAME_RATE_HZ)}),
        }
    )


class BlendshapeMaker:
    """Keeps the solver of the last sound open for the next. One thread."""

    def __init__(self, roots: Sequence[Path]) -> None:
        """``roots``: where model packages are looked for."""
        self._roots = roots
        self._opened: tuple[str, Solver[Any]] | None = None

    def rows(
        self, sound: FileReader, settings: Settings, progress: Callable[[float], None] = lambda done_s: None
    ) -> NDArray[np.float32]:
        """float32 [frames, 68]; ``settings`` as ``speech_only`` makes them. NeuroSync: the original's own numbers.

        Raises FileUnusable, OfflineError, SessionError, RecordingError.
        """
        if settings.face.solver == "neurosync":
            return compat_rows(sound, settings, self._roots, progress)
        emotion = VoiceEmotion()
        solver = EmotionListener(self._solver(settings), emotion)
        curves = render(sound, settings, self._roots, progress, solver).curves
        return np.hstack((curves, emotion.rows(len(curves)))).astype(np.float32)

    def warm(self, settings: Settings) -> None:
        """Open what ``settings`` want, if it is not. Raises OfflineError, SessionError."""
        if settings.face.solver != "neurosync":
            self._solver(settings)

    def _solver(self, settings: Settings) -> Solver[Any]:
        wanted = settings.face.model_dump_json() + settings.inference.model_dump_json()
        if self._opened is None or self._opened[0] != wanted:
            self._opened = None
            self._opened = wanted, open_solver(settings, self._roots, Problems())
        return self._opened[1]
