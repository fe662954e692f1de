from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visaged.printable import printable, printable_json, printable_lines

# C0, DEL, C1; bidi marks, embeddings and isolates; line and paragraph separator; zero-width; tags; lone surrogates.
DANGEROUS = re.compile(
    "[\0-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f\ud800-\udfff]"
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("face1", "face1"),
        ("Gésicht 漢字 🙂", "Gésicht 漢字 🙂"),
        ("\x1b]0;TITLE\x07", r"\x1b]0;TITLE\x07"),
        ("\x9b31m", r"\x9b31m"),
        ("a\nb\r\tc\0", r"a\nb\r\tc\x00"),
        ("abc\u202edcba\u2066", r"abc\u202edcba\u2066"),
        ("a\u2028b\x85c", r"a\u2028b\x85c"),
        ("\udc80 of no encoding", r"\udc80 of no encoding"),
    ],
)
def test_what_a_terminal_would_obey_is_shown_as_its_escape(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text(st.characters()), st.integers(1, 80))
def test_any_text_is_one_bounded_line_that_any_stream_takes(text: str, at_most: int) -> None:
    shown = printable(text, at_most)
    assert len(shown) <= at_most
    assert not DANGEROUS.search(shown)
    assert shown.isprintable()
    shown.encode()


@given(st.text(st.characters(exclude_categories=["C", "Z"]), max_size=80))
def test_what_is_printable_stays_as_it_is(text: str) -> None:
    assert printable(text) == text
    assert printable(printable(text)) == text


def test_what_is_too_long_is_cut_and_says_so() -> None:
    assert printable("x" * 100, 10) == "x" * 9 + "…"
    assert len(printable("\x1b" * 1_000_000, 10)) == 10


@given(st.lists(st.text(st.characters())))
def test_lines_of_ours_stay_lines(lines: list[str]) -> None:
    shown = printable_lines("\n".join(line.replace("\n", "") for line in lines), indent="> ").split("\n")
    assert len(shown) == max(len(lines), 1)
    assert all(line.startswith("> ") for line in shown)
    assert not any(DANGEROUS.search(line) for line in shown)


@given(st.recursive(st.none() | st.text(st.characters(codec="utf-8")) | st.integers(), st.lists, max_leaves=5))
def test_json_stays_json(value: object) -> None:
    shown = printable_json(value)
    assert json.loads(shown) == value
    assert not DANGEROUS.search(shown)
