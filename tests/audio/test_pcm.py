"""Sample formats: there and back, full scale, and byte layouts written out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from visaged.audio.pcm import SAMPLE_BYTES, PcmDecoder, encode

STEP = {"U8": 2**-7, "S16_LE": 2**-15, "S24_LE": 2**-23, "S24_3LE": 2**-23, "S32_LE": 2**-23, "FLOAT_LE": 0.0}


@pytest.mark.parametrize("sample_format", SAMPLE_BYTES)
@given(frames=arrays(np.float32, (16, 2), elements=st.floats(-1, 1, width=32)))
def test_encoding_and_decoding_gives_the_sound_back(sample_format, frames):
    data = encode(frames, sample_format)
    assert len(data) == frames.size * SAMPLE_BYTES[sample_format]
    back = PcmDecoder(sample_format, 2, 16).decode(data)
    assert back.shape == frames.shape
    assert np.abs(back - frames).max() <= 2 * STEP[sample_format]


@pytest.mark.parametrize(
    ("sample_format", "data", "expected"),
    [
        ("U8", b"\x00\x80\xff", [-1, 0, 127 / 128]),
        ("S16_LE", b"\x00\x80\x00\x00\x00\x40", [-1, 0, 0.5]),
        ("S24_3LE", b"\x00\x00\x80\x00\x00\x00\x00\x00\x40", [-1, 0, 0.5]),
        ("S24_LE", b"\x00\x00\x80\x00\x00\x00\x00\x00\x00\x00\x40\x00", [-1, 0, 0.5]),
        ("S32_LE", b"\x00\x00\x00\x80\x00\x00\x00\x00\x00\x00\x00\x40", [-1, 0, 0.5]),
        ("FLOAT_LE", b"\x00\x00\x80\xbf\x00\x00\x00\x00\x00\x00\x00\x3f", [-1, 0, 0.5]),
    ],
)
def test_byte_layouts(sample_format, data, expected):
    assert PcmDecoder(sample_format, 1, 3).decode(data)[:, 0].tolist() == expected


def test_what_is_too_loud_is_clamped_not_wrapped():
    frames = np.array([[2.0], [-2.0]], np.float32)
    for sample_format in SAMPLE_BYTES:
        back = PcmDecoder(sample_format, 1, 2).decode(encode(frames, sample_format))
        assert back[0, 0] > 0.98
        assert back[1, 0] < -0.98


def test_a_format_that_is_not_known_is_a_key_error():
    with pytest.raises(KeyError):
        PcmDecoder("MU_LAW", 1, 1)
