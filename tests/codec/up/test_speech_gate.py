from __future__ import annotations

import numpy as np
import pytest
import soundfile
import soxr
from numpy.typing import NDArray

from visaged import samples
from visaged.codec.up.barge_in import BargeIn
from visaged.codec.up.speech_gate import CHUNK_MS, VAD_RATE_HZ, Chunk, SpeechGate, open_detector

PIECE = 160


class Scripted:
    """A detector that says what it was told to."""

    def __init__(self, *likelihoods: float) -> None:
        self.likelihoods = list(likelihoods)
        self.asked = 0

    def __call__(self, chunk: Chunk) -> float:
        self.asked += 1
        return self.likelihoods.pop(0) if self.likelihoods else 0.0

    def reset(self) -> None:
        self.likelihoods.clear()


def hear(gate: SpeechGate, sound: NDArray[np.float32]) -> list[bool]:
    """What the gate says after every 10 ms."""
    states = []
    for piece in sound[: len(sound) // PIECE * PIECE].reshape(-1, PIECE):
        gate.hear(piece)
        states.append(gate.speaking)
    return states


def noise(seconds: float, level: float = 0.1) -> NDArray[np.float32]:
    return np.random.default_rng(1).normal(0, level, int(seconds * VAD_RATE_HZ)).astype(np.float32)


def test_one_likely_chunk_is_a_click_two_are_speech() -> None:
    gate = SpeechGate(Scripted(0.9, 0.1, 0.9, 0.9), level_dbfs=-50, hang_over_ms=400)
    states = hear(gate, noise(0.2))
    assert states.index(True) * 10 == pytest.approx(4 * CHUNK_MS, abs=10)


def test_the_hang_over_bridges_pauses_between_words() -> None:
    gate = SpeechGate(Scripted(0.9, 0.9, *[0.1] * 10, 0.9), level_dbfs=-50, hang_over_ms=400)
    assert hear(gate, noise(13 * CHUNK_MS / 1000 + 0.01))[-1]
    gate = SpeechGate(Scripted(0.9, 0.9, *[0.1] * 13), level_dbfs=-50, hang_over_ms=400)
    states = hear(gate, noise(16 * CHUNK_MS / 1000))
    assert True in states
    assert not states[-1]


def test_below_the_level_nobody_is_asked() -> None:
    detector = Scripted(*[0.9] * 100)
    gate = SpeechGate(detector, level_dbfs=-40, hang_over_ms=400)
    assert not any(hear(gate, noise(1.0, level=1e-3)))
    assert detector.asked == 0


def test_forgetting_ends_speech() -> None:
    gate = SpeechGate(Scripted(*[0.9] * 10), level_dbfs=-50, hang_over_ms=400)
    assert hear(gate, noise(0.1))[-1]
    gate.forget()
    assert not gate.speaking


def test_without_a_detector_everything_is_speech() -> None:
    gate = SpeechGate(open_detector("off"), level_dbfs=-50, hang_over_ms=400)
    assert all(hear(gate, np.zeros(VAD_RATE_HZ, np.float32)))
    gate.forget()
    assert gate.speaking


def test_the_level_detector_takes_loud_for_speech() -> None:
    gate = SpeechGate(open_detector("level"), level_dbfs=-50, hang_over_ms=400)
    assert hear(gate, noise(0.2))[-1]


def test_silero_finds_speech_and_nothing_in_noise() -> None:
    sound, rate_hz = soundfile.read(samples.speech_path(), dtype="float32")
    voice = soxr.resample(sound, rate_hz, VAD_RATE_HZ)
    gate = SpeechGate(open_detector("silero"), level_dbfs=-55, hang_over_ms=480)
    spoken = np.array(hear(gate, voice))
    assert spoken.mean() > 0.7, "the sample is speech with pauses"
    for other in (noise(5), noise(5, 0.003), 0.2 * np.sin(2 * np.pi * 100 * np.arange(80_000) / VAD_RATE_HZ)):
        gate.forget()
        assert not any(hear(gate, other.astype(np.float32)))


def test_barge_in_needs_both_at_once_for_long_enough_and_comes_once() -> None:
    barge_in = BargeIn(400)
    assert not any(barge_in.hear(True, True, 10) for _ in range(39))
    assert not barge_in.hear(True, False, 10), "the avatar paused"
    told = [barge_in.hear(True, True, 10) for _ in range(100)]
    assert told.index(True) == 39
    assert sum(told) == 1
    assert not any(BargeIn(0).hear(True, True, 10) for _ in range(1000)), "0 is never"
