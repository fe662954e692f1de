"""An answer that is still being written, cut into what can be said."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visaged.speech.sentences import sentences


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Good day. How are you?", ["Good day.", "How are you?"]),
        ("It costs 3.50 euros. Fine?", ["It costs 3.50 euros.", "Fine?"]),
        ("Dr. Who met Mr. J. Smith. Yes!", ["Dr. Who met Mr. J. Smith.", "Yes!"]),
        ('He said "go." Then he went.', ['He said "go."', "Then he went."]),
        ("1. Bread\n2. Milk", ["1. Bread", "2. Milk"]),
        ("I am 25. And you?", ["I am 25.", "And you?"]),
        ("Well, that depends, of course.", ["Well, that depends,", "of course."]),
        ("你好。今天天气很好！", ["你好。", "今天天气很好！"]),
        ("Wait… what?", ["Wait…", "what?"]),
        ("   \n ", []),
        ("no end", ["no end"]),
    ],
)
def test_where_a_piece_ends(text: str, said: list[str]) -> None:
    assert list(sentences([text])) == said


def test_the_first_clause_is_there_while_the_rest_is_being_thought() -> None:
    read: list[str] = []

    def written() -> Iterator[str]:
        for piece in ("Of course I can", ", let", " me", " see.", " One"):
            read.append(piece)
            yield piece

    assert next(sentences(written())) == "Of course I can,"
    assert len(read) == 2


@given(st.lists(st.text("abc .,!?\n。0", max_size=30), max_size=20))
def test_nothing_is_lost_however_it_comes(pieces: list[str]) -> None:
    text = "".join(pieces)
    said = list(sentences(pieces))
    assert "".join("".join(said).split()) == "".join(text.split())
    assert all(part and part == part.strip() and len(part) <= 240 for part in said)


def test_a_text_without_end_is_said_in_parts() -> None:
    said = list(sentences(["word "] * 1_000))
    assert all(len(part) <= 240 for part in said)
    assert len(said) > 15
