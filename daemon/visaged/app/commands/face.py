"""The commands about the face: held curves, mode, mute, gain."""

from __future__ import annotations

from visaged.app.commands.errors import converse_refusals
from visaged.app.stages import Stages
from visaged.config import Settings
from visaged.control.protocol.commands import face as f
from visaged.control.protocol.envelope import Nothing
from visaged.control.registry import Progress, Registry


class FaceCommands:
    """Control thread; ``mode_set``: worker."""

    def __init__(self, stages: Stages) -> None:
        self._stages = stages
        self.intensity = stages.settings.face.intensity
        """In force: that of the settings, or of a gain.set since."""

    def serve(self, registry: Registry) -> None:
        """Register them."""
        registry.serve(f.FACE_SET, self.face_set)
        registry.serve(f.FACE_RELEASE, self.face_release)
        registry.serve(f.MODE_SET, self.mode_set)
        registry.serve(f.MUTE_SET, self.mute_set)
        registry.serve(f.GAIN_SET, self.gain_set)

    def face_set(self, request: f.FaceSet) -> f.HeldCurves:
        """Hold curves."""
        self._stages.animator.override.hold(request.curves, request.duration_ms)
        return f.HeldCurves(curves=tuple(request.curves))

    def face_release(self, request: f.FaceRelease) -> f.HeldCurves:
        """Let go of them."""
        self._stages.animator.override.release(request.curves)
        return f.HeldCurves(curves=request.curves)

    def mode_set(self, request: f.ModeSet, progress: Progress) -> Nothing:
        """Until the settings of the mode or the codec change, or the daemon starts again."""
        progress(f"switching to {request.mode}", None)
        with converse_refusals("mode"):
            self._stages.converse.use(request.mode)
        return Nothing()

    def mute_set(self, request: f.MuteSet) -> Nothing:
        """Voice, speaker, or both."""
        if request.what in ("input", "both"):
            self._stages.capture.mute = request.muted
        if request.what in ("output", "both"):
            self._stages.playback.mute = request.muted
        return Nothing()

    def gain_set(self, request: f.GainSet) -> Nothing:
        """Until the settings change or the daemon starts again."""
        if request.input_db is not None:
            self._stages.capture.gain_db = request.input_db
        if request.intensity is not None:
            self.intensity = request.intensity
            settings = self._stages.settings
            face = settings.face.model_copy(update={"intensity": request.intensity})
            self._stages.animator.configure(face, settings.animation)
        return Nothing()

    def use(self, settings: Settings) -> None:
        """New settings: what was set by hand is over."""
        self.intensity = settings.face.intensity

    def health(self) -> dict[str, object]:
        """Health's ``face`` section, as far as it is known here."""
        return {"mode": self._stages.converse.mode, "muted": self._stages.capture.mute, "intensity": self.intensity}
