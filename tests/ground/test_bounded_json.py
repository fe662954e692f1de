from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import from_json

from visaged.bounded.json_text import JsonBounds, JsonError, check_json

SMALL = JsonBounds(depth=3, values=10, key_chars=5, text_chars=8, number_chars=12)


def _path(text: str | bytes, bounds: JsonBounds = SMALL) -> str:
    with pytest.raises(JsonError) as caught:
        check_json(text.encode() if isinstance(text, str) else text, bounds)
    assert caught.value.is_json
    return caught.value.path


@pytest.mark.parametrize(
    "text",
    [
        "0",
        '{"a": [1, {"b": -0.5e-3}]}',
        ' {"a" : null , "b":[ ] }\n',
        '["12345678", "\\u00e4", "ä\\"\\\\"]',
        "[1,2,3,4,5,6,7,8,9]",
        "[123456789012, 1e308]",
    ],
)
def test_what_is_within_the_bounds_passes(text: str) -> None:
    check_json(text.encode(), SMALL)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("[[[[1]]]]", "0.0.0"),
        ('{"a": {"b": [{"c": 1}]}}', "a.b.0"),
        ("[1,2,3,4,5,6,7,8,9,10]", ""),
        ('{"a": [1, 2, 1e400]}', "a.2"),
        ('{"a": {"b": -1e999}}', "a.b"),
        ("[9223372036854775808]", "0"),
        ("[1234567890123]", "0"),
        ('{"a": "123456789"}', "a"),
        ('{"abcdef": 1}', "abcdef"),
        ('{"": 1}', ""),
        ('{"ä": 1}', "ä"),
        ('{"a": {"\\u0061": 1, "a": 2}}', "a.a"),
        ('{"a": "x\\u0000"}', "a"),
        ('{"a": "\\u0085"}', "a"),
        ('{"a": "\x7f"}', "a"),
        ('{"a": ["\\ud800"]}', "a.0"),
        ('{"a": 1, "b": [0], "c": "\\u001b"}', "c"),
    ],
)
def test_what_is_not_is_named_by_its_place(text: str, path: str) -> None:
    bounds = SMALL if "92233" not in text else JsonBounds()
    assert _path(text, bounds) == path


@pytest.mark.parametrize(
    "text", ["{", "[1,,2]", "]", '"abc', "NaN", "[-Infinity]", "01", "[+1]", "[.5]", "nul", "\ufeff1"]
)
def test_what_is_no_json_is_left_to_the_parser_or_said_to_be_none(text: str) -> None:
    try:
        check_json(text.encode(), SMALL)
    except JsonError as error:
        assert not error.is_json
    with pytest.raises(ValueError, match=r"\w"):
        from_json(text.encode(), allow_inf_nan=False)


def test_the_work_is_bounded_by_the_bounds_not_by_the_text() -> None:
    # Each would keep a parser busy, or a scan that looked at all of it before it counted.
    for text in (b"[" * (1 << 20), b"{" * (1 << 20), b"[" + b"1," * (1 << 19), b"," * (1 << 20), b"9" * (1 << 20)):
        with pytest.raises(JsonError):
            check_json(text, SMALL)
    with pytest.raises(JsonError):
        check_json(b'{"a"' + b',"a"' * (1 << 18), JsonBounds())


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 70), 1 << 70) | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=7), inner, max_size=4),
    max_leaves=12,
)


def _fits(value: Any, depth: int = 0) -> bool:
    """The bounds by the value: what the scan must say of its text."""
    if isinstance(value, str):
        return len(value) <= SMALL.text_chars and not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 for c in value)
    if isinstance(value, dict):
        good = all(key and key.isascii() and key.isprintable() and len(key) <= SMALL.key_chars for key in value)
        return good and depth < SMALL.depth and all(_fits(inner, depth + 1) for inner in value.values())
    if isinstance(value, list):
        return depth < SMALL.depth and all(_fits(inner, depth + 1) for inner in value)
    if isinstance(value, bool) or value is None:
        return True
    text = json.dumps(value)
    return len(text) <= SMALL.number_chars and "Inf" not in text


def _count(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(_count(one) for one in inner)


@given(_VALUES, st.booleans(), st.sampled_from([None, 1]))
def test_a_value_passes_when_it_fits_and_only_then(value: Any, escaped: bool, indent: int | None) -> None:
    try:
        text = json.dumps(value, ensure_ascii=escaped, indent=indent).encode()
    except UnicodeEncodeError:
        return
    try:
        check_json(text, SMALL)
        passed = True
    except JsonError:
        passed = False
    assert passed == (_fits(value) and _count(value) <= SMALL.values)


@given(st.binary(max_size=60) | st.text('{}[]:,"\\u0 1e-.aä\n', max_size=60).map(lambda text: text.encode()))
def test_bytes_that_pass_and_are_json_are_within_the_bounds(data: bytes) -> None:
    try:
        check_json(data, SMALL)
    except JsonError as error:
        str(error).encode()
        return
    try:
        value = from_json(data, allow_inf_nan=False)
    except ValueError:
        return
    assert _fits(value)
    assert _count(value) <= SMALL.values
