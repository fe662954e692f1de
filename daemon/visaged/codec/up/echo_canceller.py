"""Removes the speaker's echo and the room's noise from what the microphone heard, before it is sent.

Both are WebRTC's own audio processing (as libwebrtc in the package ``livekit``, Apache-2.0, an extra of this program:
``visaged[clean]``); of that package nothing else is used, and it opens no connection.
"""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Final, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from visaged.audio.ring import Sound
from visaged.clock import RATE_HZ

if TYPE_CHECKING:
    from livekit.rtc import AudioFrame, AudioProcessingModule

BLOCK_MS: Final = 10
BLOCK: Final = RATE_HZ * BLOCK_MS // 1000
"""480 samples: what WebRTC takes at once."""
# Nobody hears an echo of less; RMS.
_SILENT: Final = 1e-3
# A room's reverberation, and what a speaker's driver holds back beyond what it says.
_ROOM_BLOCKS: Final = 30

EchoName = Literal["auto", "cancel", "gate", "none"]


class EchoCanceller(Protocol):
    """Cleans block by block. One thread."""

    name: str

    def clean(self, heard: Sound, played: Sound) -> None:
        """Clean ``heard`` (float32 [480], 48 kHz) in place; ``played``: what left the speaker at the same time."""
        ...


class NoCancellation:
    """Leaves everything as it is."""

    name = "none"

    def clean(self, heard: Sound, played: Sound) -> None:
        """Nothing."""


class EchoGate:
    """Hears nothing while the speaker sounds, and a moment longer: no echo, and no barge-in either."""

    name = "gate"

    def __init__(self, after: EchoCanceller) -> None:
        self._after = after
        self._closed_for = 0

    def clean(self, heard: Sound, played: Sound) -> None:
        """Silence while the speaker sounds."""
        self._after.clean(heard, played)
        if float(np.dot(played, played)) > _SILENT**2 * BLOCK:
            self._closed_for = _ROOM_BLOCKS
        elif self._closed_for:
            self._closed_for -= 1
        if self._closed_for:
            heard[:] = 0


class WebRtc:
    """Echo cancellation (AEC3) and noise suppression."""

    def __init__(self, *, echo: bool, noise: bool) -> None:
        """Raises ImportError, OSError when the package is not there or does not fit this machine."""
        from livekit import rtc  # noqa: PLC0415

        self.name = "+".join(word for word, wanted in (("cancel", echo), ("noise", noise)) if wanted)
        self._echo = echo
        self._frame = rtc.AudioFrame
        self._module: AudioProcessingModule = rtc.AudioProcessingModule(
            echo_cancellation=echo, noise_suppression=noise, high_pass_filter=True, auto_gain_control=False
        )
        # The played sound is given for the time at which it sounds: what is left is the way through the air.
        if echo:
            self._module.set_stream_delay_ms(0)
        self._heard, self._played = np.zeros((2, BLOCK), np.int16)

    def clean(self, heard: Sound, played: Sound) -> None:
        """By WebRTC, in 16 bits."""
        if self._echo:
            self._module.process_reverse_stream(self._filled(self._played, played))
        frame = self._filled(self._heard, heard)
        self._module.process_stream(frame)
        np.divide(np.frombuffer(frame.data, np.int16), 32768, out=heard, casting="unsafe")

    def _filled(self, buffer: NDArray[np.int16], sound: Sound) -> AudioFrame:
        np.multiply(np.clip(sound, -1.0, 32767 / 32768), 32768, out=buffer, casting="unsafe")
        return self._frame(bytearray(buffer.tobytes()), RATE_HZ, 1, BLOCK)


def can_clean() -> bool:
    """Whether WebRTC's processing is installed."""
    try:
        return importlib.util.find_spec("livekit.rtc") is not None
    except ImportError:
        return False


def open_echo_canceller(echo: EchoName, *, noise: bool, speaker: bool) -> EchoCanceller:
    """What the settings ask for; ``speaker``: whether this box plays sound at all.

    Raises ImportError, OSError when what was asked for is not there. ``auto`` cancels where it can, else it gates.
    """
    if not speaker:
        echo = "none"
    elif echo == "auto":
        echo = "cancel" if can_clean() else "gate"
    cancel = echo == "cancel"
    canceller: EchoCanceller = WebRtc(echo=cancel, noise=noise) if noise or cancel else NoCancellation()
    return EchoGate(canceller) if echo == "gate" else canceller
