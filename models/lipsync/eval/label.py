"""Phone times for a clip that has none: forced alignment with its text, or plain phone recognition.

Only these two need pocketsphinx, so it is imported when the first clip asks for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import soxr
from numpy.typing import NDArray

from models.lipsync.phones import SILENCE, Phone, from_arpabet, merge

if TYPE_CHECKING:
    from models.lipsync.align import Aligner

_RATE_HZ: Final = 48_000
_HEARD_RATE_HZ: Final = 16_000
_FRAME_S: Final = 0.01
# The recogniser hears every clip at the same peak.
_PEAK: Final = 0.8
# Aligned slower or faster than this a text and its sound do not belong together (espeak-ng at its fastest: 40 ms a
# phone).
_LONGEST_PHONE_S: Final = 0.5
_SHORTEST_MEAN_S: Final = 0.035


class Labeller:
    """Makes its decoders when they are first needed."""

    def __init__(self) -> None:
        self._aligner: Aligner | None = None
        self._recogniser: Any = None

    def align(self, sound: NDArray[np.float32], text: str, language: str) -> list[Phone] | None:
        """Phones of ``text`` in ``sound`` (48 kHz); None where the two do not fit."""
        if self._aligner is None:
            from models.lipsync.align import Aligner  # noqa: PLC0415

            self._aligner = Aligner()
        phones = self._aligner.align(_heard(sound), text, language)
        spoken = [p.end_s - p.start_s for p in phones or [] if p.symbol != SILENCE]
        if len(spoken) < 2 or max(spoken) > _LONGEST_PHONE_S or sum(spoken) / len(spoken) < _SHORTEST_MEAN_S:
            return None
        return phones

    def recognise(self, sound: NDArray[np.float32]) -> list[Phone] | None:
        """English phones heard in ``sound`` (48 kHz), without a text; None if there are none."""
        if self._recogniser is None:
            import pocketsphinx  # noqa: PLC0415

            self._recogniser = pocketsphinx.Decoder(
                allphone=pocketsphinx.get_model_path("en-us/en-us-phone.lm.bin"), lm=None, loglevel="FATAL"
            )
        self._recogniser.start_utt()
        self._recogniser.process_raw(_heard(sound).tobytes(), no_search=False, full_utt=True)
        self._recogniser.end_utt()
        phones = [
            Phone(from_arpabet(s.word), s.start_frame * _FRAME_S, (s.end_frame + 1) * _FRAME_S)
            for s in self._recogniser.seg() or []
            if not s.word.startswith("(")
        ]
        return merge(phones) if any(p.symbol != SILENCE for p in phones) else None


def _heard(sound: NDArray[np.float32]) -> NDArray[np.int16]:
    levelled = sound * (_PEAK / max(float(np.abs(sound).max()), 1e-3))
    low = soxr.resample(levelled, _RATE_HZ, _HEARD_RATE_HZ)
    return (low * 32767).clip(-32768, 32767).astype(np.int16)
