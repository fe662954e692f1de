"""What hears the guest, as the settings ask for it; what cannot be had is named with its setting."""

from __future__ import annotations

from typing import Final

from visaged.codec.up.echo_canceller import EchoCanceller, open_echo_canceller
from visaged.codec.up.speech_gate import Detector, open_detector
from visaged.config import Settings
from visaged.conversation.answer import ConverseError

_CLEAN_REMEDY: Final = "pip install 'visaged[clean]'"


def open_guest_echo_canceller(settings: Settings) -> EchoCanceller:
    """Against the speaker's echo and the room's noise. Raises ConverseError."""
    codec, speaker = settings.codec, settings.audio.output.backend != "none"
    try:
        return open_echo_canceller(codec.echo, noise=codec.noise_suppression, speaker=speaker)
    except (ImportError, OSError) as error:
        key = "codec.noise_suppression" if codec.noise_suppression else "codec.echo"
        raise ConverseError(f"{key}: WebRTC's processing is not there ({error}): {_CLEAN_REMEDY}", key) from None


def open_guest_detector(settings: Settings) -> Detector | None:
    """Tells speech. Raises ConverseError."""
    try:
        return open_detector(settings.codec.vad)
    except (ImportError, OSError) as error:
        why = f'the voice detector cannot run here ({error}); set codec.vad = "level"'
        raise ConverseError(why, "codec.vad") from None
