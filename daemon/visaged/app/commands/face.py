"""What the commands about the face do here (control/handlers.py: FaceHandlers)."""

from __future__ import annotations

from visaged.animation.animator import Animator
from visaged.app.commands.errors import converse_refusals
from visaged.audio.capture import Capture
from visaged.audio.playback import Playback
from visaged.config import Settings
from visaged.control.handlers import Progress
from visaged.control.protocol.commands import face as f
from visaged.control.protocol.envelope import Nothing
from visaged.conversation.mode import Converse


class FaceCommands:
    """Control thread; ``mode_set``: worker."""

    def __init__(
        self, animator: Animator, capture: Capture, playback: Playback, converse: Converse, settings: Settings
    ) -> None:
        self._animator = animator
        self._capture = capture
        self._playback = playback
        self._converse = converse
        self._settings = settings
        self.intensity = settings.face.intensity
        """In force: that of the settings, or of a gain.set since."""

    def face_set(self, request: f.FaceSet) -> f.HeldCurves:
        """Hold curves."""
        self._animator.override.hold(request.curves, request.duration_ms)
        return f.HeldCurves(curves=tuple(request.curves))

    def face_release(self, request: f.FaceRelease) -> f.HeldCurves:
        """Let go of them."""
        self._animator.override.release(request.curves)
        return f.HeldCurves(curves=request.curves)

    def mode_set(self, request: f.ModeSet, progress: Progress) -> Nothing:
        """Until the settings of the mode or the codec change, or the daemon starts again."""
        progress(f"switching to {request.mode}", None)
        with converse_refusals("mode"):
            self._converse.use(request.mode)
        return Nothing()

    def mute_set(self, request: f.MuteSet) -> Nothing:
        """Voice, speaker, or both."""
        if request.what in ("input", "both"):
            self._capture.mute = request.muted
        if request.what in ("output", "both"):
            self._playback.mute = request.muted
        return Nothing()

    def gain_set(self, request: f.GainSet) -> Nothing:
        """Until the settings change or the daemon starts again."""
        if request.input_db is not None:
            self._capture.gain_db = request.input_db
        if request.intensity is not None:
            self.intensity = request.intensity
            face = self._settings.face.model_copy(update={"intensity": request.intensity})
            self._animator.configure(face, self._settings.animation)
        return Nothing()

    def use(self, settings: Settings) -> None:
        """New settings: what was set by hand is over."""
        self._settings = settings
        self.intensity = settings.face.intensity

    def health(self) -> dict[str, object]:
        """Health's ``face`` section, as far as it is known here."""
        return {"mode": self._converse.mode, "muted": self._capture.mute, "intensity": self.intensity}
