from __future__ import annotations

import pytest

from visaged.face.loudness import Loudness, hear

SYLLABLE = [0.0, -4.0, -12.0, -25.0, -40.0]


def speak(loudness: Loudness, level_db: float, frames: int) -> float:
    """Syllables peaking at ``level_db``; returns where the last peak ended up against the reference."""
    relative = 0.0
    for frame in range(frames):
        shape = SYLLABLE[frame // 3 % 5]
        now, _ = hear(loudness, level_db + shape, voiced=shape > -20)
        relative = now if frame // 3 % 5 == 0 else relative
    return relative


@pytest.mark.parametrize("level_db", [0, -20, -40])
def test_every_level_ends_up_the_same(level_db: float) -> None:
    assert speak(Loudness(), level_db, 120) == pytest.approx(0, abs=4)


def test_a_softer_voice_after_a_shock_is_understood_within_half_a_second() -> None:
    loudness = Loudness()
    for _ in range(600):
        hear(loudness, 0.0, voiced=True)
    # The third syllable begins after 0.5 s.
    assert speak(loudness, -35, 31) > -17
    assert speak(loudness, -35, 60) > -12


def test_steady_noise_becomes_the_floor() -> None:
    loudness = Loudness()
    for _ in range(60):
        hear(loudness, -80.0, voiced=False)
    for _ in range(60 * 20):
        relative, above_floor = hear(loudness, -45.0, voiced=True)
    assert above_floor < 4
    assert relative < -14


def test_speech_from_the_first_frame_is_not_taken_for_the_room() -> None:
    _, above_floor = hear(Loudness(), -20.0, voiced=True)
    assert above_floor > 20
