"""Disturbances keep length, stay finite, and move labels with the sound."""

import numpy as np
import pytest

from models.lipsync import augment, noises
from models.lipsync.phones import Phone
from models.lipsync.utterance import RATE_HZ, Utterance

TONE = (0.3 * np.sin(2 * np.pi * 500 * np.arange(RATE_HZ) / RATE_HZ)).astype(np.float32)


def rng() -> np.random.Generator:
    return np.random.default_rng(5)


@pytest.mark.parametrize(
    "step",
    [
        lambda x: augment.room(x, 0.35, 0.5, rng()),
        lambda x: augment.coloration(x, rng()),
        lambda x: augment.band(x, 100, 4000),
        lambda x: augment.telephone(x, rng()),
        lambda x: augment.coded(x, rng()),
        lambda x: augment.clip(x, 6),
        lambda x: augment.hiss(x, -70, rng()),
        *(lambda x, kind=kind: augment.noise(x, 20, rng(), kind) for kind in noises.KINDS),
    ],
)
def test_every_step_keeps_length_and_is_finite(step) -> None:
    out = step(TONE)
    assert out.shape == TONE.shape
    assert out.dtype == np.float32
    assert np.isfinite(out).all()
    assert not np.array_equal(out, TONE)


def test_noise_has_the_level_asked_for() -> None:
    added = augment.noise(TONE, 20, rng(), "coloured") - TONE
    assert 20 * np.log10(augment.loudness(TONE) / augment.loudness(added)) == pytest.approx(20, abs=1.5)


@pytest.mark.parametrize("change", [augment.resize, augment.stretch])
def test_labels_move_with_the_sound(change) -> None:
    click = np.zeros(RATE_HZ, np.float32)
    click[12_000:12_400] = TONE[:400]
    out = change(Utterance("x", "", click, [Phone("P", 0.5, 0.52)]), 1.25)
    assert len(out.sound) == pytest.approx(RATE_HZ / 1.25, rel=0.01)
    heard_s = np.flatnonzero(np.abs(out.sound) > 0.02)[0] / RATE_HZ
    assert out.phones[0].start_s == pytest.approx(0.4)
    assert heard_s == pytest.approx(0.4, abs=0.02)


def test_a_telephone_has_no_treble() -> None:
    high = np.sin(2 * np.pi * 6000 * np.arange(RATE_HZ) / RATE_HZ).astype(np.float32)
    assert np.abs(augment.telephone(high, rng())).mean() < 0.02
