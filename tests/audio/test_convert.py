"""Channels to mono, gain, and samples that are not numbers."""

from __future__ import annotations

import numpy as np

from visaged.audio.convert import MonoConverter


def test_channels_are_averaged_and_gain_applied():
    converter = MonoConverter(48_000, 2, 4, 6.0206, live=True)
    frames = np.array([[0.2, 0.4], [-0.1, 0.1]], np.float32)
    assert np.allclose(converter.convert(frames), [0.6, 0.0], atol=1e-5)


def test_a_nan_is_one_silent_sample_and_spoils_nothing_around_it():
    converter = MonoConverter(44_100, 1, 441, 0.0, live=True)
    frames = np.full((441, 1), 0.5, np.float32)
    out = []
    for number in range(20):
        frames[:] = 0.5
        if number == 10:
            frames[200] = np.nan
        out.append(converter.convert(frames).copy())
    assert converter.bad_samples == 1
    sound = np.concatenate(out)
    assert np.isfinite(sound).all()
    assert np.allclose(sound[-480:], 0.5, atol=1e-3)
