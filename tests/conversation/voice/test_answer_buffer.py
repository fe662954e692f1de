"""The answer that waits, and exactly how much of it was heard."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from visaged.conversation.brains.protocol import Heard
from visaged.conversation.voice import answer_buffer
from visaged.conversation.voice.answer_buffer import AnswerBuffer, empty

STEP = 240


def ramp(first: int, count: int) -> np.ndarray:
    return np.arange(first, first + count).astype(np.int16)


def test_what_came_at_once_is_taken_in_steps() -> None:
    buffer, out = AnswerBuffer(), empty(STEP)
    buffer.feed("a", ramp(0, 2 * STEP))
    buffer.over("a")
    for number in range(2):
        assert buffer.take(out, number * 2 * STEP)
        assert out.tolist() == ramp(number * STEP, STEP).tolist()
    assert not buffer.take(out, 4 * STEP)
    assert buffer.starved == 0


def test_an_utterance_waits_for_60_ms_unless_it_is_shorter() -> None:
    buffer, out = AnswerBuffer(), empty(STEP)
    buffer.feed("a", ramp(0, STEP))
    assert not buffer.take(out, 0)
    buffer.over("a")
    assert buffer.take(out, 0)


def test_one_that_runs_dry_is_counted_and_begins_with_a_reserve_again() -> None:
    buffer, out = AnswerBuffer(), empty(STEP)
    buffer.feed("a", ramp(0, 6 * STEP))
    for number in range(6):
        assert buffer.take(out, number * 2 * STEP)
    assert not buffer.take(out, 12 * STEP)
    assert buffer.starved == 1
    buffer.feed("a", ramp(0, STEP))
    assert not buffer.take(out, 14 * STEP)
    buffer.feed("a", ramp(0, 5 * STEP))
    assert buffer.take(out, 16 * STEP)
    assert buffer.starved == 1


def test_more_than_ten_minutes_are_dropped_and_counted() -> None:
    buffer = AnswerBuffer()
    most = answer_buffer.MOST_S * 24_000
    buffer.feed("a", np.zeros(most - 10, np.int16))
    buffer.feed("a", np.zeros(25_000_000, np.int16))
    assert buffer.waiting == most
    assert buffer.dropped == 25_000_000 - 10


@given(
    lengths=st.lists(st.integers(1, 3_000), min_size=1, max_size=4),
    steps=st.integers(0, 60),
    late=st.integers(0, 9_600),
    pauses=st.sets(st.integers(0, 60)),
)
def test_heard_is_exactly_what_lies_before_the_index_that_leaves_the_speaker(
    lengths: list[int], steps: int, late: int, pauses: set[int]
) -> None:
    """By a naive ledger: of every sample in the ring, whose it is."""
    buffer, out = AnswerBuffer(), empty(STEP)
    for utterance, length in zip("abcd", lengths, strict=False):
        buffer.feed(utterance, np.full(length, ord(utterance), np.int16))
        buffer.over(utterance)
    ledger: list[int] = []
    for step in range(steps):
        taken = step not in pauses and buffer.take(out, len(ledger))
        ledger += np.repeat(out if taken else out * 0, 2).tolist()
    leaves = len(ledger) - late
    whole = dict(zip("abcd", lengths, strict=False))
    heard = {one.utterance: one.played_ms for one in buffer.cut(leaves)}
    for name, length in whole.items():
        played = sum(1 for sample in ledger[: max(leaves, 0)] if sample == ord(name)) // 2
        assert heard.get(name, length * 1000 // 24_000) == played * 1000 // 24_000 if played < length else True
        assert (name in heard) == (played < length)
    assert not buffer.take(out, len(ledger)), "what waited is gone"


def test_of_what_was_not_heard_at_all_it_says_so() -> None:
    buffer, out = AnswerBuffer(), empty(STEP)
    buffer.feed("a", ramp(0, 100 * STEP))
    buffer.feed("b", ramp(0, 100 * STEP))
    for number in range(50):
        buffer.take(out, 1_000 + number * 2 * STEP)
    assert buffer.cut(1_000 + 200 * 48) == (Heard("a", 200), Heard("b", 0))
    assert buffer.cut(10**9) == ()
