"""Capsules from recordings and sounds: the right rate, the right sides, lips and voice in sync."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.capsules.making import JAW
from visaged.capsules.errors import CapsuleError
from visaged.capsules.file import capsule as capsule_format
from visaged.capsules.library.importing import from_recording, from_speech
from visaged.curves import COUNT, INDEX, Pose
from visaged.recording import Recording

FACE = {"cid": "VF_MINE"}
LINE = {"cid": "VL_MINE"}


@pytest.mark.parametrize("fps", [Fraction(24), Fraction(30000, 1001), Fraction(60), Fraction(120)])
def test_any_rate_becomes_60_fps(fps: Fraction) -> None:
    count = round(2 * fps)
    curves = np.zeros((count, COUNT), np.float32)
    curves[:, JAW] = 0.5 + 0.4 * np.sin(2 * np.pi * np.arange(count) / float(fps))
    made = from_recording(Recording(curves, fps), FACE)
    assert made.curves is not None
    assert abs(len(made.curves) - 120) <= 1
    expected = 0.5 + 0.4 * np.sin(2 * np.pi * np.arange(115) / 60)
    np.testing.assert_allclose(made.curves[:115, JAW], expected, atol=0.012)
    capsule_format.decode(capsule_format.encode(made))


def test_left_stays_left() -> None:
    """The reader goes by position (recording/csv_file.py); here nothing is moved about."""
    curves = np.zeros((60, COUNT), np.float32)
    curves[:, INDEX["MouthLeft"]] = 0.5
    made = from_recording(Recording(curves, Fraction(60)), FACE)
    assert made.curves is not None
    assert set(np.nonzero(made.curves)[1]) == {INDEX["MouthLeft"]}


def test_values_beyond_the_legal_range_are_held_at_it() -> None:
    curves = np.full((60, COUNT), -0.3, np.float32)
    curves[:, JAW] = 1.4
    made = from_recording(Recording(curves, Fraction(60)), FACE)
    assert made.curves is not None
    assert made.curves[0, JAW] == 1
    assert made.curves[0, 0] == 0
    assert made.curves[0, INDEX["HeadYaw"]] == np.float16(-0.3)


def test_a_short_recording_gets_short_fades() -> None:
    made = from_recording(Recording(np.zeros((6, COUNT), np.float32), Fraction(60)), FACE)
    assert made.header.fade_in_ms + made.header.fade_out_ms <= made.header.duration_ms == 100
    capsule_format.decode(capsule_format.encode(made))


def test_what_is_too_long_or_badly_named_is_refused() -> None:
    with pytest.raises(CapsuleError, match="duration_ms"):
        from_recording(Recording(np.zeros((301, COUNT), np.float32), Fraction(1)), FACE)
    with pytest.raises(CapsuleError, match="title"):
        from_recording(Recording(np.zeros((60, COUNT), np.float32), Fraction(60)), FACE | {"title": "x" * 200})


class LevelSolver:
    """Opens the jaw by the level of what it heard ``lookahead_ms`` ago."""

    def __init__(self, lookahead_ms: float) -> None:
        self.lookahead_ms = lookahead_ms

    def initial_state(self) -> list[float]:
        return []

    def step(self, sound: NDArray[np.float32], state: list[float], pose: Pose) -> list[float]:
        heard = [*state, float(np.abs(sound).mean())]
        late = round(self.lookahead_ms * 60 / 1000)
        pose[JAW] = heard[-1 - late] if len(heard) > late else 0.0
        return heard


@pytest.mark.parametrize("lookahead_ms", [0.0, 50.0, 100.0])
def test_lips_and_voice_are_in_sync_whatever_the_look_ahead(lookahead_ms: float) -> None:
    sound = np.zeros(48_000, np.float32)
    sound[24_000:32_000] = 0.5
    made = from_speech(sound, LevelSolver(lookahead_ms), LINE)
    assert made.curves is not None
    assert made.pcm is not None
    opened = int(np.argmax(made.curves[:, JAW] > 0.25))
    heard = int(np.argmax(np.abs(made.pcm) > 8000))
    assert opened / 60 == pytest.approx(heard / 24_000, abs=1.5 / 60)
    assert made.curves[0, JAW] == 0
    assert len(made.pcm) == 24_000
    assert made.header.layer == "line"
    capsule_format.decode(capsule_format.encode(made))


def test_a_line_may_keep_its_voice_as_tokens() -> None:
    sound = np.zeros(48_000, np.float32)
    sound[24_000:32_000] = 2.0

    def encoder(voice: NDArray[np.float32]) -> NDArray[np.uint16]:
        assert (len(voice), voice.max()) == (24_000, 1.0)
        return np.full((13, 8), 2047, np.uint16)

    made = capsule_format.decode(capsule_format.encode(from_speech(sound, LevelSolver(0), LINE, encoder)))
    assert made.pcm is None
    assert made.tokens is not None and made.tokens.shape == (13, 8)
    assert made.curves is not None and made.curves[:, JAW].max() > 0.5


@pytest.mark.parametrize("count", [0, 48_000 * 301])
def test_an_impossible_length_of_sound_is_refused(count: int) -> None:
    solver: Any = LevelSolver(0)
    with pytest.raises(CapsuleError):
        from_speech(np.zeros(count, np.float32), solver, LINE)
