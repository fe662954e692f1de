"""Our OSC against python-osc, which somebody else wrote, and against bytes that are none."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythonosc.osc_bundle import OscBundle
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from visaged.outputs.vmc import osc

texts = st.text(st.characters(min_codepoint=1, exclude_categories=("Cs",)), max_size=40)
arguments = st.one_of(
    texts, st.integers(-(2**31), 2**31 - 1), st.floats(width=32, allow_nan=False, allow_infinity=False)
)


@given(texts, st.lists(arguments, max_size=8))
def test_messages_are_those_of_python_osc(name: str, given_arguments: list[osc.Argument]) -> None:
    builder = OscMessageBuilder("/" + name)
    for argument in given_arguments:
        kind = "s" if isinstance(argument, str) else "i" if isinstance(argument, int) else "f"
        builder.add_arg(argument, kind)
    ours = osc.message("/" + name, *given_arguments)
    assert ours == builder.build().dgram
    assert osc.decode(ours) == [("/" + name, tuple(given_arguments))]


def test_a_bundle_is_one_to_python_osc() -> None:
    datagram = osc.BUNDLE_HEAD + osc.element(osc.message("/a", 1)) + osc.element(osc.message("/b", "x", 0.5))
    assert OscBundle.dgram_is_bundle(datagram)
    bundle = OscBundle(datagram)
    found = [content for content in bundle if isinstance(content, OscMessage)]
    assert [(content.address, content.params) for content in found] == [("/a", [1]), ("/b", ["x", 0.5])]
    assert osc.decode(datagram) == [("/a", (1,)), ("/b", ("x", 0.5))]


_MESSAGE = osc.message("/VMC/Ext/Blend/Val", "JawOpen", 0.5)


@pytest.mark.parametrize(
    ("datagram", "words"),
    [
        (b"", "0 bytes"),
        (b"\0" * 6004, "6004 bytes"),
        (b"abc", "multiple of 4"),
        (b"VMC\0,\0\0\0", "begins with /"),
        (b"/VMC/Ext", "no end"),
        (b"/a\0\0abc\0", "type tags"),
        (b"/a\0\0,d\0\0" + b"\0" * 8, "expected s, i or f"),
        (b"/a\0\0," + b"i" * 19 + b"\0" * 4, "type tags"),
        (_MESSAGE[:-4], "cut off"),
        (_MESSAGE + b"\0" * 4, "bytes follow"),
        (_MESSAGE[:-4] + struct.pack(">f", float("nan")), "nan"),
        (_MESSAGE[:-4] + struct.pack(">f", float("inf")), "inf"),
        (b"/\xff\xff\0,\0\0\0", "UTF-8"),
        (b"/a\0x,\0\0\0", "not padded"),
        (b"#bundle\0" + b"\0" * 4, "time tag"),
        (osc.BUNDLE_HEAD + struct.pack(">i", -4), "-4 bytes"),
        (osc.BUNDLE_HEAD + struct.pack(">i", 0), "0 bytes"),
        (osc.BUNDLE_HEAD + struct.pack(">i", 400) + _MESSAGE, "400 bytes"),
        (osc.BUNDLE_HEAD + osc.element(osc.BUNDLE_HEAD), "inside a bundle"),
        (b"/" + b"n" * 399 + b"\0" * 4 + b",\0\0\0", "no end within 256"),
    ],
)
def test_what_is_none_is_refused_with_the_reason(datagram: bytes, words: str) -> None:
    with pytest.raises(osc.OscError, match=words):
        osc.decode(datagram)


@given(st.binary(max_size=64).map(lambda tail: b"#bundle\0" + tail) | st.binary(max_size=64))
def test_nothing_else_is_raised(datagram: bytes) -> None:
    try:
        messages = osc.decode(datagram)
    except osc.OscError as error:
        assert str(error).isprintable()
        return
    for message in messages:
        assert message.address.startswith("/")
