"""Whose turn it is, by the rule of the pause."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from visaged.conversation.turns import MOST_TURN_MS, PauseTurns, Turn


def test_a_turn_begins_with_speech_and_ends_with_a_pause() -> None:
    turns = PauseTurns(700)
    heard = [turns.hear(speaking, 10) for speaking in [False] * 5 + [True] * 50 + [False] * 100]
    assert heard.index(Turn.BEGAN) == 5
    assert heard.index(Turn.ENDED) == 55 + 69
    assert heard.count(Turn.BEGAN) == heard.count(Turn.ENDED) == 1


def test_a_breath_does_not_end_it() -> None:
    turns = PauseTurns(700)
    heard = [turns.hear(speaking, 10) for speaking in [True] * 50 + [False] * 60 + [True] * 50]
    assert Turn.ENDED not in heard


def test_none_begins_while_it_may_not() -> None:
    turns = PauseTurns(700)
    assert {turns.hear(True, 10, may_begin=False) for _ in range(500)} == {Turn.NONE}
    assert turns.hear(True, 10) is Turn.BEGAN


def test_a_monologue_of_twenty_minutes_is_answered() -> None:
    turns = PauseTurns(700)
    heard = [turns.hear(True, 10) for _ in range(20 * 60 * 100)]
    assert heard.count(Turn.ENDED) >= 20 * 60_000 // MOST_TURN_MS - 1


@given(st.lists(st.booleans(), max_size=500))
def test_turns_begin_and_end_by_turns(blocks: list[bool]) -> None:
    turns = PauseTurns(50)
    changes = [turn for speaking in blocks if (turn := turns.hear(speaking, 10)) is not Turn.NONE]
    assert changes[::2] == [Turn.BEGAN] * len(changes[::2])
    assert changes[1::2] == [Turn.ENDED] * len(changes[1::2])
