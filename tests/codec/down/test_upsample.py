from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from visaged.codec.down.upsample import DELAY, HOUSE_FRAME, CodecUpsampler
from visaged.codec.frame_codec import CODEC_RATE_HZ, FRAME


def upsample(pcm: NDArray[np.float32]) -> NDArray[np.float32]:
    upsampler, out = CodecUpsampler(), np.zeros((len(pcm) // FRAME, HOUSE_FRAME), np.float32)
    for frame, row in zip(pcm.reshape(-1, FRAME), out, strict=True):
        upsampler.step(frame, row)
    return out.ravel()


@pytest.mark.parametrize("frequency_hz", [100.0, 1000.0, 8000.0])
def test_a_tone_stays_that_tone_over_the_seams_and_the_delay_is_what_it_says(frequency_hz: float) -> None:
    times = np.arange(FRAME * 5) / CODEC_RATE_HZ
    out = upsample(np.sin(2 * np.pi * frequency_hz * times).astype(np.float32))
    expected = np.sin(2 * np.pi * frequency_hz * (np.arange(len(out)) - DELAY) / (2 * CODEC_RATE_HZ))
    assert np.abs(out - expected)[2 * DELAY :].max() < 2e-3


def test_clear_forgets() -> None:
    upsampler, out = CodecUpsampler(), np.zeros(HOUSE_FRAME, np.float32)
    upsampler.step(np.ones(FRAME, np.float32), out)
    upsampler.clear()
    upsampler.step(np.zeros(FRAME, np.float32), out)
    assert not out.any()
