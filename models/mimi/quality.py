"""How good a smaller form of the codec is beside fp32, measured on speech with pauses, and the gate for int8."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import soundfile
from numpy.typing import NDArray

from models.mimi.dims import FRAME, SAMPLE_RATE_HZ, SEMANTIC
from visaged.codec.frame_codec import Codes, Pcm
from visaged.samples import speech_path

SPEECH_S: Final = 8.0
PAUSE_S: Final = 2.0
"""Silence before and after the speech, where hiss would be heard."""
# fp32 itself is at -50 to -65 dB in pauses, int8 convolutions can be at -20: a louder pause is hiss ...
MAX_FLOOR_RISE_DB: Final = 1.0
# ... unless nobody can hear it.
INAUDIBLE_DBFS: Final = -65.0
# Noise that moves with the voice is masked by it; below this the voice itself is hoarse.
MIN_SNR_DB: Final = 15.0
# The codes may differ, as near ties do; what they say must not be further from what was said.
MAX_DISTANCE_RATIO: Final = 1.05
_FFT: Final = 512
_FLOOR: Final = 1e-4


@dataclass(frozen=True)
class DecoderQuality:
    """A decoder beside the fp32 one on the same codes."""

    snr_db: float
    """Speech to error."""
    silence_floor_dbfs: float
    """Level in the pauses."""
    silence_floor_fp32_dbfs: float
    pause_noise_dbfs: float
    """Level of the error in the pauses."""
    largest_error: float

    def refusal(self) -> str:
        """What the gate has against it; empty: nothing."""
        accepted = max(self.silence_floor_fp32_dbfs + MAX_FLOOR_RISE_DB, INAUDIBLE_DBFS)
        if self.silence_floor_dbfs > accepted:
            return f"pauses are at {self.silence_floor_dbfs:.1f} dBFS, accepted: up to {accepted:.1f}"
        if self.snr_db < MIN_SNR_DB:
            return f"signal to noise {self.snr_db:.0f} dB, accepted: {MIN_SNR_DB:.0f} and more"
        return ""


@dataclass(frozen=True)
class EncoderQuality:
    """An encoder beside the fp32 one on the same sound."""

    codes_equal: float
    """Share of all indices."""
    semantic_equal: float
    """Share of those of the semantic codebook."""
    distance_ratio: float
    """Distance of decoded to original sound, log spectra, over that of the fp32 codes."""

    def refusal(self) -> str:
        """What the gate has against it; empty: nothing."""
        if self.distance_ratio > MAX_DISTANCE_RATIO:
            return f"what it hears is {self.distance_ratio:.2f} times as far off, accepted: up to {MAX_DISTANCE_RATIO}"
        return ""


def test_sound(seconds: float = SPEECH_S) -> Pcm:
    """Silence, the bundled speech, silence: float32 at 24 kHz, whole frames."""
    speech, rate = soundfile.read(speech_path(), dtype="float32", frames=int(seconds * SAMPLE_RATE_HZ))
    assert rate == SAMPLE_RATE_HZ
    pause = np.zeros(int(PAUSE_S * SAMPLE_RATE_HZ), np.float32)
    sound = np.concatenate([pause, speech, pause])
    return np.asarray(sound[: len(sound) // FRAME * FRAME], np.float32)


def compare_decoded(sound: Pcm, exact: Pcm) -> DecoderQuality:
    """``sound`` of some decoder beside ``exact`` of fp32, both of the codes of ``test_sound``."""
    # The first frames of a pause still ring.
    still = int(PAUSE_S * SAMPLE_RATE_HZ) // FRAME * FRAME
    pauses = np.r_[still // 2 : still, len(exact) - still // 2 : len(exact)]
    error, speech = sound - exact, exact[still : len(exact) - still]
    return DecoderQuality(
        snr_db=_db(_rms(speech)) - _db(_rms(error[still : len(exact) - still])),
        silence_floor_dbfs=_db(_rms(sound[pauses])),
        silence_floor_fp32_dbfs=_db(_rms(exact[pauses])),
        pause_noise_dbfs=_db(_rms(error[pauses])),
        largest_error=float(np.abs(error).max()),
    )


def compare_codes(codes: Codes, exact: Codes, original: Pcm, say: Callable[[Codes], Pcm]) -> EncoderQuality:
    """``codes`` of some encoder beside ``exact`` of fp32, of ``original``; ``say``: the fp32 decoder."""
    equal = codes == exact
    distance, least = (log_spectral_distance(say(said), original) for said in (codes, exact))
    return EncoderQuality(float(equal.mean()), float(equal[:, :SEMANTIC].mean()), distance / max(least, 1e-9))


def log_spectral_distance(sound: Pcm, other: Pcm) -> float:
    """Root mean square difference of log magnitude spectra (32 ms, half overlapped), in dB."""
    difference = _log_spectra(sound) - _log_spectra(other)
    return float(20 * np.sqrt(np.mean(difference**2)))


def _log_spectra(sound: Pcm) -> NDArray[np.float64]:
    frames = np.lib.stride_tricks.sliding_window_view(sound, _FFT)[:: _FFT // 2]
    magnitudes = np.abs(np.fft.rfft(frames * np.hanning(_FFT), axis=1))
    return np.asarray(np.log10(magnitudes + _FLOOR * _FFT))


def _rms(sound: NDArray[np.float32]) -> float:
    return float(np.sqrt(np.mean(np.square(sound, dtype=np.float64)))) if len(sound) else 0.0


def _db(level: float) -> float:
    return 20 * math.log10(max(level, 1e-10))
