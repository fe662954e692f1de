from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from visaged.codec.frames import MAX_CODEBOOKS, MAX_FRAMES, CodecMessage, FrameError, decode, encode, frame_bytes

u32 = st.integers(0, 2**32 - 1)
shapes = st.tuples(st.integers(0, MAX_FRAMES), st.integers(1, MAX_CODEBOOKS))
messages = st.builds(
    CodecMessage,
    stream_id=u32,
    sequence=u32,
    codes=shapes.flatmap(lambda shape: arrays(np.uint16, shape, elements=st.integers(0, 2047))),
    speech=st.booleans(),
    reset=st.booleans(),
    cut=st.booleans(),
)


def message(codes: list[list[int]], **fields: int) -> CodecMessage:
    return CodecMessage(fields.get("stream_id", 7), fields.get("sequence", 1), np.array(codes, np.uint16))


def test_the_bytes_are_those_of_the_specification() -> None:
    # 8 indices: 0, all ones, the top bit, the bottom bit, and so on, written out bit by bit.
    frame = [0, 2047, 1024, 1, 0, 2047, 1024, 1]
    data = encode(CodecMessage(0x0A0B0C0D, 0x01020304, np.array([frame], np.uint16), speech=True, reset=True))
    bits = "".join(f"{index:011b}" for index in frame)
    assert data == bytes.fromhex("01 08 0003 01020304 0a0b0c0d") + int(bits, 2).to_bytes(11, "big")
    assert frame_bytes(8) == 11


def test_a_frame_is_filled_up_to_whole_bytes() -> None:
    data = encode(message([[2047], [1]]))
    assert data[12:] == bytes([0b11111111, 0b11100000, 0b00000000, 0b00100000])


@given(messages)
def test_what_was_encoded_is_decoded(sent: CodecMessage) -> None:
    received = decode(encode(sent))
    np.testing.assert_array_equal(received.codes, sent.codes)
    assert received.codes.dtype == np.uint16
    for field in ("stream_id", "sequence", "speech", "reset", "cut", "codebooks"):
        assert getattr(received, field) == getattr(sent, field)


@given(st.binary(max_size=400))
def test_any_bytes_are_a_message_or_refused(data: bytes) -> None:
    try:
        received = decode(data)
    except FrameError:
        return
    assert received.codes.size == 0 or received.codes.max() < 2048
    # Flags without a name are ignored, so they are not written again.
    assert encode(received)[4:] == data[4:]


@given(messages, st.data())
def test_half_a_message_is_refused(sent: CodecMessage, data: st.DataObject) -> None:
    whole = encode(sent)
    cut = data.draw(st.integers(0, len(whole) - 1))
    if cut < 12 or (cut - 12) % frame_bytes(sent.codebooks):
        with pytest.raises(FrameError, match="length"):
            decode(whole[:cut])


def test_unknown_flags_are_ignored() -> None:
    received = decode(struct.pack(">BBHII", 1, 8, 0xFFF8, 5, 6))
    assert (received.speech, received.reset, len(received.codes)) == (False, False, 0)


@pytest.mark.parametrize(
    ("header", "frames", "error"),
    [
        ((2, 8, 1, 0, 0), 1, "version: 2, accepted: 1"),
        ((1, 0, 1, 0, 0), 0, "codebooks: 0, accepted: 1 to 32"),
        ((1, 33, 1, 0, 0), 0, "codebooks: 33, accepted: 1 to 32"),
        ((1, 8, 1, 0, 0), 26, "frames: 26, accepted: 0 to 25"),
    ],
)
def test_what_is_refused_is_named(header: tuple[int, ...], frames: int, error: str) -> None:
    with pytest.raises(FrameError, match=error):
        decode(struct.pack(">BBHII", *header) + bytes(11 * frames))


def test_bits_behind_the_last_index_must_be_zero() -> None:
    data = encode(message([[2047]]))
    with pytest.raises(FrameError, match="5 bits behind"):
        decode(data[:-1] + bytes([data[-1] | 1]))


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        (message([[2048]]), "index: 2048, accepted: 0 to 2047"),
        (message([[0]], sequence=2**32), "sequence"),
        (message([[0]], stream_id=-1), "stream id"),
        (message([[0]] * 26), "frames: 26"),
    ],
)
def test_what_the_wire_cannot_carry_is_not_sent(bad: CodecMessage, error: str) -> None:
    with pytest.raises(FrameError, match=error):
        encode(bad)


def test_a_file_may_hold_more_frames_than_a_message() -> None:
    many = message([[index] for index in range(1000)])
    assert len(decode(encode(many, 1000), 1000).codes) == 1000
