from __future__ import annotations

import numpy as np
import pytest
import soundfile
import soxr
from numpy.typing import NDArray

from visaged import samples
from visaged.clock import RATE_HZ
from visaged.codec.up.echo_canceller import BLOCK, EchoCanceller, EchoGate, NoCancellation, open_echo_canceller


def voice() -> NDArray[np.float32]:
    sound, rate_hz = soundfile.read(samples.speech_path(), dtype="float32")
    return np.asarray(soxr.resample(sound, rate_hz, RATE_HZ), np.float32)


def clean(
    echo_canceller: EchoCanceller, heard: NDArray[np.float32], played: NDArray[np.float32]
) -> NDArray[np.float32]:
    out = heard[: len(heard) // BLOCK * BLOCK].copy()
    for block, reference in zip(out.reshape(-1, BLOCK), played.reshape(-1, BLOCK), strict=False):
        echo_canceller.clean(block, reference.copy())
    return out


def level_db(sound: NDArray[np.float32]) -> float:
    return float(10 * np.log10(np.mean(sound.astype(np.float64) ** 2) + 1e-12))


def test_the_speakers_echo_is_cancelled() -> None:
    pytest.importorskip("livekit.rtc", reason="visaged[clean] is not installed")
    played = voice()[: 12 * RATE_HZ]
    room = np.zeros(4000)
    room[[900, 1500, 2900]] = (0.4, 0.15, 0.08)  # 19 ms of air, and two walls
    echo = np.convolve(played, room)[: len(played)].astype(np.float32)
    left = clean(open_echo_canceller("cancel", noise=False, speaker=True), echo, played)
    settled = slice(6 * RATE_HZ, None)
    assert level_db(left[settled]) < level_db(echo[settled]) - 20


def test_noise_is_suppressed_and_the_voice_stays() -> None:
    pytest.importorskip("livekit.rtc", reason="visaged[clean] is not installed")
    speech = voice()[: 10 * RATE_HZ]
    hiss = np.random.default_rng(1).normal(0, 0.01, len(speech)).astype(np.float32)
    silence = np.zeros_like(speech)
    echo_canceller = open_echo_canceller("none", noise=True, speaker=False)
    assert level_db(clean(echo_canceller, hiss, silence)[5 * RATE_HZ :]) < level_db(hiss) - 10
    kept = clean(open_echo_canceller("none", noise=True, speaker=False), speech + hiss, silence)
    assert abs(level_db(kept[RATE_HZ:]) - level_db(speech[RATE_HZ:])) < 2


def test_the_gate_is_deaf_while_the_speaker_sounds_and_a_moment_longer() -> None:
    gate = EchoGate(NoCancellation())
    heard, loud, silent = (np.full(BLOCK, value, np.float32) for value in (0.1, 0.2, 0.0))
    blocks = [clean(gate, heard, played).any() for played in (silent, loud, *[silent] * 40)]
    assert blocks[0]
    assert not any(blocks[1:30])
    assert all(blocks[32:])


@pytest.mark.parametrize(
    ("echo", "noise", "speaker", "name"),
    [
        ("none", False, True, "none"),
        ("auto", False, False, "none"),
        ("cancel", False, False, "none"),
        ("gate", False, True, "gate"),
    ],
)
def test_a_box_without_a_speaker_has_no_echo(echo: str, noise: bool, speaker: bool, name: str) -> None:
    assert open_echo_canceller(echo, noise=noise, speaker=speaker).name == name  # type: ignore[arg-type]
