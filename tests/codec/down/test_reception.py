from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.codec.fakes import tone_codes
from visaged.clock import NS_PER_MS, NS_PER_S
from visaged.codec.down.reception import QUIET_NS, Reception
from visaged.codec.frames import CodecMessage, encode
from visaged.metrics import Metrics

CODES = tone_codes(0.1)


class Heard:
    """A reception, and its figures."""

    def __init__(self) -> None:
        self.metrics = Metrics()
        self.reception = Reception(8, self.metrics)

    def take(
        self,
        sequence: int,
        frames: int = 1,
        *,
        at_ms: int = 0,
        stream: int = 7,
        speech: bool = True,
        reset: bool = False,
    ) -> bool:
        codes = np.tile(CODES, (frames, 1))
        data = encode(CodecMessage(stream, sequence % 2**32, codes, speech, reset))
        return self.reception.take(data, at_ms * NS_PER_MS) is not None

    @property
    def places(self) -> list[int]:
        """Sequences that wait, modulo 2^32."""
        return [number % 2**32 for number in sorted(self.reception.frames)]

    def count(self, name: str) -> int:
        return self.metrics.counter(f"codec.{name}").value


def test_frames_lie_by_their_sequence_whatever_order_they_come_in() -> None:
    heard = Heard()
    for sequence in (11, 10, 13, 12):
        heard.take(sequence)
    assert heard.places == [10, 11, 12, 13]
    assert heard.count("reordered") == 2


def test_a_frame_that_comes_twice_counts_once() -> None:
    heard = Heard()
    heard.take(10, 3)
    heard.take(11)
    heard.reception.frames.clear()
    heard.take(11)
    assert heard.places == []
    assert heard.count("duplicates") == 2
    assert heard.count("received") == 3


def test_a_frame_whose_time_is_over_is_late() -> None:
    heard = Heard()
    heard.take(10)
    heard.reception.skip_to(max(heard.reception.frames) + 3)
    heard.take(12)
    assert heard.count("late") == 1
    heard.take(13)
    assert heard.places == [13]


def test_the_sequence_goes_on_over_its_end() -> None:
    heard = Heard()
    for sequence in range(2**32 - 2, 2**32 + 3):
        heard.take(sequence)
    numbers = sorted(heard.reception.frames)
    assert numbers == list(range(numbers[0], numbers[0] + 5))


@pytest.mark.parametrize("jump", [2**31, -(2**31), 2**31 - 1, 200, -200])
def test_a_sequence_that_jumps_must_be_confirmed(jump: int) -> None:
    heard = Heard()
    heard.take(1000)
    assert not heard.take(1000 + jump)
    assert heard.take(1001), "one wrong message does not move the stream"
    assert not heard.take(1002 + jump)
    assert heard.take(1003 + jump)
    assert heard.places == [(1003 + jump) % 2**32]
    assert heard.count("jumps") == 2


def test_in_a_pause_a_sequence_may_go_on_anywhere() -> None:
    heard = Heard()
    heard.take(1000)
    heard.reception.skip_to(max(heard.reception.frames) + 1)
    heard.take(1001, 0, speech=False)
    assert heard.take(5_000_000, at_ms=400)
    assert heard.places == [5_000_000]


def test_another_stream_waits_until_the_first_is_silent() -> None:
    heard = Heard()
    heard.take(10, stream=1)
    assert not heard.take(500, stream=2)
    assert heard.count("foreign") == 1
    assert "stream id" in heard.reception.refusal
    after_ms = QUIET_NS // NS_PER_MS + 1
    assert heard.take(501, stream=2, at_ms=after_ms)
    assert heard.places == [501]
    assert not heard.take(11, stream=1, at_ms=after_ms), "what the old one still had on its way"


def test_silence_is_told_from_a_sequence_on_also_when_it_overtakes_speech() -> None:
    heard = Heard()
    heard.take(10)
    heard.take(12, 0, speech=False)
    first = heard.reception.silent_from
    assert first is not None
    assert first % 2**32 == 12
    heard.take(11)
    assert heard.reception.silent_from == first
    heard.take(13, 0, speech=False)
    assert heard.reception.silent_from == first, "said again"
    heard.take(20)
    assert heard.reception.silent_from is None
    heard.take(20, 0, speech=False)
    assert heard.reception.silent_from is None, "an old message that was overtaken by the speech"


def test_frames_of_silence_are_not_heard() -> None:
    heard = Heard()
    heard.take(10, 2, speech=False)
    assert heard.places == []


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "length"),
        (b"nonsense that is long enough to be one", "version"),
        (encode(CodecMessage(7, 0, np.zeros((1, 16), np.uint16))), "codebooks: 16, this box decodes 8"),
    ],
)
def test_what_is_no_message_for_us_is_counted_and_named(data: bytes, reason: str) -> None:
    heard = Heard()
    assert heard.reception.take(data, 0) is None
    assert heard.count("refused") == 1
    assert reason in heard.reception.refusal


def test_frames_that_nobody_takes_do_not_pile_up() -> None:
    heard = Heard()
    for sequence in range(2000):
        heard.take(sequence)
    assert len(heard.reception.frames) <= 250
    assert heard.places[-1] == 1999


messages = st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 25), st.booleans(), st.integers(0, 2), st.integers(0, 3))


@settings(deadline=None)
@given(st.lists(messages, max_size=60))
def test_nothing_that_is_sent_raises_or_grows_without_bound(sent: list[tuple[int, int, bool, int, int]]) -> None:
    heard = Heard()
    for number, (sequence, frames, speech, stream, gap_s) in enumerate(sent):
        heard.take(sequence, frames, at_ms=(number + gap_s) * NS_PER_S // NS_PER_MS, stream=stream, speech=speech)
        assert len(heard.reception.frames) <= 250
        assert all(number >= heard.reception.heard_to for number in heard.reception.frames)
