from __future__ import annotations

import math
import struct
import unicodedata
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visaged import curves
from visaged.outputs.livelink import packet
from visaged.outputs.livelink.packet import LiveLinkPacket, PacketError, PacketWriter, decode, encode, pack_curves

DEVICE = "7FE01914-7E09-52EA-9540-CB9C1CBFFA70"


def finite(raw: bytes) -> tuple[float, ...]:
    return tuple(value if math.isfinite(value) else 0.0 for value in struct.unpack(">61f", raw))


texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=64)
packets = st.builds(
    LiveLinkPacket,
    device_id=texts,
    subject=texts,
    frame=st.integers(0, 2**31 - 1),
    sub_frame=st.floats(0, 1, exclude_max=True, width=32),
    rate_hz=st.fractions(min_value=Fraction(1, 1000), max_value=1000, max_denominator=100_000),
    curves=st.binary(min_size=244, max_size=244).map(finite),
)


def face(**changes: object) -> LiveLinkPacket:
    fields = {
        "device_id": DEVICE,
        "subject": "face1",
        "frame": 306_655,
        "sub_frame": 0.25,
        "rate_hz": Fraction(60),
        "curves": tuple(index / 64 for index in range(61)),
    }
    return LiveLinkPacket(**(fields | changes))  # type: ignore[arg-type]


def test_the_bytes_are_those_of_the_reference() -> None:
    values = [index / 64 for index in range(61)]
    device, subject = DEVICE.encode(), b"face1"
    expected = struct.pack(">Bi", 6, 36) + device + struct.pack(">i", 5) + subject
    expected += struct.pack(">ifiiB61f", 306_655, 0.25, 60, 1, 61, *values)
    assert encode(face()) == expected
    assert len(expected) == 311


def test_count_is_that_of_the_curves() -> None:
    assert packet.COUNT == curves.COUNT


def test_a_name_is_measured_in_bytes() -> None:
    datagram = encode(face(subject="Gésicht"))
    assert struct.unpack_from(">i", datagram, 41) == (8,)
    assert decode(datagram).subject == "Gésicht"


@given(packets)
def test_round_trip(original: LiveLinkPacket) -> None:
    assert decode(encode(original)) == original


@given(packets, packets)
def test_a_writer_used_again_leaves_nothing_behind(first: LiveLinkPacket, second: LiveLinkPacket) -> None:
    writer = PacketWriter(second.device_id, second.subject, second.rate_hz)
    for shown in (first, second):
        writer.write_time(shown.frame, shown.sub_frame)
        writer.write_curves(pack_curves(shown.curves))
    assert writer.buffer == encode(second)


def raw(device_id: bytes, subject: bytes, tail: bytes | None = None) -> bytes:
    """The datagram of any two texts, also such as ``encode`` refuses."""
    texts = b"".join(struct.pack(">i", len(text)) + text for text in (device_id, subject))
    return bytes([6]) + texts + (struct.pack(">ifiiB61f", 1, 0.0, 60, 1, 61, *[0.1] * 61) if tail is None else tail)


def is_bounded(datagram: bytes) -> None:
    """It is a packet that can be encoded and decoded again, or a short, printable error that names a field."""
    try:
        decoded = decode(datagram)
    except PacketError as error:
        word = str(error)
        assert ":" in word
        assert word.isprintable()
        assert len(word) < 250
        return
    assert len(datagram) <= 1286
    assert len(decoded.curves) == 61
    assert all(map(math.isfinite, decoded.curves))
    assert not any(unicodedata.category(char) in ("Cc", "Cs") for char in decoded.device_id + decoded.subject)
    assert decode(encode(decoded)) == decoded


@given(st.binary(max_size=2048))
def test_any_bytes_are_a_packet_or_a_packet_error(datagram: bytes) -> None:
    is_bounded(datagram)


@given(st.binary(max_size=1100), st.binary(max_size=1100), st.none() | st.binary(max_size=300))
def test_any_texts_and_any_rest_are_a_packet_or_a_packet_error(device: bytes, subject: bytes, tail: bytes) -> None:
    is_bounded(raw(device, subject, tail))


@given(st.text(st.characters(codec="utf-8"), max_size=200), st.text(st.characters(codec="utf-8"), max_size=200))
def test_any_names_are_a_packet_or_a_packet_error(device: str, subject: str) -> None:
    is_bounded(raw(device.encode(), subject.encode()))


@given(st.data())
def test_a_damaged_packet_is_a_packet_or_a_packet_error(data: st.DataObject) -> None:
    datagram = bytearray(encode(face()))
    for _ in range(data.draw(st.integers(1, 4))):
        datagram[data.draw(st.integers(0, len(datagram) - 1))] = data.draw(st.integers(0, 255))
    is_bounded(bytes(datagram))


@pytest.mark.parametrize(
    "subject", [b"\x1b]0;TITLE\x1b\\\x1b]52;c;cm0gLXJm\x1b\\", b"face1\0", b"a\nb", b"\x7f", "\x9b31m".encode()]
)
def test_control_characters_are_refused(subject: bytes) -> None:
    with pytest.raises(PacketError, match=r"^subject: b'.*' holds control characters$"):
        decode(raw(b"A" * 36, subject))


def test_what_unreal_would_cut_off_is_refused() -> None:
    fits = raw(b"d", b"s" * 1015)
    assert len(fits) == 1286
    assert len(decode(fits).subject) == 1015
    with pytest.raises(PacketError, match=r"^length: "):
        decode(raw(b"d", b"s" * 1016))


@given(st.integers(0, 310))
def test_a_packet_cut_short_is_refused(length: int) -> None:
    with pytest.raises(PacketError):
        decode(encode(face())[:length])


@pytest.mark.parametrize(
    ("at", "value", "field"),
    [
        (0, b"\x05", "version"),
        (1, struct.pack(">i", -1), "device id length"),
        (1, struct.pack(">i", 2**31 - 1), "device id length"),
        (1, struct.pack(">i", 400), "device id"),
        (5, b"\xff", "device id"),
        (41, struct.pack(">i", 0), "subject length"),
        (45, b"\xc3\x28", "subject"),
        (50, struct.pack(">i", -1), "frame number"),
        (54, struct.pack(">f", 1.0), "sub-frame"),
        (54, struct.pack(">f", float("nan")), "sub-frame"),
        (58, struct.pack(">i", 0), "rate"),
        (62, struct.pack(">i", 0), "rate"),
        (66, b"\x34", "count"),
        (67, struct.pack(">f", float("nan")), "curves"),
        (307, struct.pack(">f", float("-inf")), "curves"),
        (311, b"\x00", "curves"),
    ],
)
def test_the_error_names_the_field(at: int, value: bytes, field: str) -> None:
    datagram = bytearray(encode(face()))
    datagram[at : at + len(value)] = value
    with pytest.raises(PacketError, match=f"^{field}:"):
        decode(bytes(datagram))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"device_id": ""}, "device id"),
        ({"subject": ""}, "subject"),
        ({"subject": "a\x1b[31m"}, "subject"),
        ({"device_id": "a\n"}, "device id"),
        ({"subject": "x" * 1000}, "device id and subject"),
        ({"frame": -1}, "frame number"),
        ({"frame": 2**31}, "frame number"),
        ({"sub_frame": 1.0}, "sub-frame"),
        ({"rate_hz": Fraction(0)}, "rate"),
        ({"rate_hz": Fraction(1, 2**31)}, "rate"),
        ({"curves": (0.0,) * 60}, "curves"),
        ({"curves": (0.0,) * 60 + (float("nan"),)}, "curves"),
        ({"curves": (0.0,) * 60 + (1e39,)}, "curves"),
    ],
)
def test_what_unreal_would_not_read_is_not_written(changes: dict[str, object], field: str) -> None:
    with pytest.raises(PacketError, match=f"^{field}:"):
        encode(face(**changes))


def test_scene_time_in_seconds() -> None:
    assert face(frame=90, sub_frame=0.5, rate_hz=Fraction(30000, 1001)).scene_time_s == pytest.approx(90.5 * 1.001 / 30)
