from __future__ import annotations

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.face.neurosync import recipe
from tests.face.voice import Sound, hiss, silence, vowel
from visaged.audio.file_reader import read_all
from visaged.clock import RATE_HZ as HOUSE_HZ
from visaged.face.neurosync.features.clip import SHORTEST, TooShort, features, normalise
from visaged.face.neurosync.features.mel import RATE_HZ, mel_bands
from visaged.samples import speech_path

# Side by side in the last digits: the issue asks for 1e-4.
CLOSE = 1e-4


def at_model_rate(sound: Sound) -> Sound:
    return normalise(np.asarray(soxr.resample(sound, HOUSE_HZ, RATE_HZ), np.float32))


@pytest.fixture(scope="module")
def speech() -> Sound:
    return at_model_rate(read_all(speech_path())[HOUSE_HZ // 2 : 5 * HOUSE_HZ // 2])


def test_speech_equals_the_literal_recipe(speech: Sound) -> None:
    ours = features(speech)
    assert ours.dtype == np.float32
    assert np.abs(ours - recipe.features(speech.astype(np.float64))).max() < CLOSE


def test_speech_equals_the_recipe_on_librosa(speech: Sound) -> None:
    pytest.importorskip("librosa", reason="the original recipe runs on librosa: ./setup.sh peers")
    assert np.abs(features(speech) - recipe.librosa_features(speech)).max() < CLOSE


@pytest.mark.parametrize(
    "sound",
    [
        np.concatenate([silence(0.2), vowel("a", 0.3), silence(0.2)]),
        np.concatenate([vowel("i", 0.2), hiss(0.21)]),
    ],
    ids=["silence around", "no silence"],
)
def test_silence_at_the_ends_or_none(sound: Sound) -> None:
    clip = at_model_rate(sound)
    assert np.abs(features(clip) - recipe.features(clip.astype(np.float64))).max() < CLOSE


@settings(max_examples=8)
@given(st.integers(SHORTEST, SHORTEST + 3000), st.integers(0, 9))
def test_any_length_gives_the_recipe_s_frames(length: int, seed: int) -> None:
    noise = np.random.default_rng(seed).uniform(-1, 1, length).astype(np.float32)
    ours, theirs = features(noise), recipe.features(noise.astype(np.float64))
    assert ours.shape == theirs.shape == (-(-(1 + length // 735) // 2), 256)
    assert np.abs(ours - theirs).max() < CLOSE


def test_silence_is_zero_and_has_no_peak_to_divide_by() -> None:
    nothing = np.zeros(RATE_HZ, np.float32)
    assert np.abs(features(normalise(nothing))).max() < CLOSE


def test_too_short_a_clip_is_refused_with_what_is_needed() -> None:
    assert len(features(np.ones(SHORTEST, np.float32))) == 6
    with pytest.raises(TooShort, match="50 ms of sound; at least 83 ms"):
        features(np.ones(RATE_HZ // 20, np.float32))


def test_the_bands_are_slaney_s() -> None:
    assert np.abs(mel_bands() - recipe.mel_filters()).max() < 1e-8
