from __future__ import annotations

import numpy as np

from tests.codec.fakes import tone_codes
from visaged.clock import NS_PER_MS
from visaged.codec.down.playout import FRAME_NS
from visaged.codec.frames import CodecMessage
from visaged.codec.peer.echo_responder import EchoResponder
from visaged.codec.peer.talker import Talker


def frame(number: int) -> np.ndarray:
    codes = tone_codes(0.1)
    codes[7] = number
    return codes[None, :]


def speech(*numbers: int, **flags: bool) -> list[CodecMessage]:
    """One message per frame; the first begins afresh."""
    return [CodecMessage(9, number, frame(number), True, at == 0, **flags) for at, number in enumerate(numbers)]


def silence(number: int, cut: bool = False) -> CodecMessage:
    return CodecMessage(9, number, frame(0)[:0], speech=False, cut=cut)


def said(talker: Talker, frames: int) -> list[CodecMessage]:
    """What it sends in its first ``frames`` frames."""
    return [message for number in range(frames) for message in talker.due(number * FRAME_NS)]


def test_it_says_back_what_it_heard_when_the_guest_has_finished() -> None:
    responder, talker = EchoResponder(), Talker(8, 0)
    for message in [*speech(10, 11, 12)][::-1]:
        assert responder.hear(message, 0, talker) is None
    assert not talker.speaking
    responder.hear(silence(13), 0, talker)
    messages = [message for message in said(talker, 10) if message.speech]
    assert [int(message.codes[0, 7]) for message in messages] == [10, 11, 12], "in the order of time"
    assert [message.reset for message in messages] == [True, False, False]
    assert (responder.heard, responder.missing, responder.speeches) == (3, 0, 1)


def test_a_given_answer_is_said_instead() -> None:
    responder, talker = EchoResponder(answer=np.tile(tone_codes(0.3), (5, 1))), Talker(8, 0)
    for message in (*speech(10), silence(11)):
        responder.hear(message, 0, talker)
    assert sum(message.speech for message in said(talker, 20)) == 5


def test_an_echo_goes_back_at_once_as_a_stream_of_its_own() -> None:
    responder, talker = EchoResponder(at_once=True), Talker(8, 0)
    back = responder.hear(speech(10)[0], 0, talker)
    assert back is not None
    assert (back.sequence, back.stream_id, back.reset) == (10, talker.stream_id, True)


def test_what_is_lost_and_what_comes_twice_is_counted() -> None:
    responder, talker = EchoResponder(), Talker(8, 0)
    first, _, third = speech(10, 11, 12)
    for message in (first, first, third, silence(13)):
        responder.hear(message, 0, talker)
    assert (responder.heard, responder.missing) == (2, 1)


def test_a_speech_whose_end_was_lost_is_over_after_a_while() -> None:
    responder, talker = EchoResponder(), Talker(8, 0)
    responder.hear(speech(10)[0], 0, talker)
    responder.wait(1000 * NS_PER_MS, talker)
    assert not talker.speaking
    responder.wait(2000 * NS_PER_MS, talker)
    assert talker.speaking


def test_a_cut_silences_it_once() -> None:
    responder, talker = EchoResponder(), Talker(8, 0)
    talker.say(np.tile(tone_codes(0.3), (50, 1)))
    for number in range(3):
        responder.hear(silence(number, cut=True), 0, talker)
    assert not talker.speaking
    assert responder.cuts == 1


def test_silence_is_told_three_times_and_then_once_a_second() -> None:
    talker = Talker(8, 0)
    talker.say(np.tile(tone_codes(0.3), (2, 1)))
    messages = said(talker, 30)
    assert [message.sequence for message in messages] == [0, 1, 2, 3, 4, 13, 25]
    assert [message.speech for message in messages] == [True, True, *[False] * 5]


def test_after_a_stall_it_goes_on_in_the_present() -> None:
    talker = Talker(8, 0)
    talker.say(np.tile(tone_codes(0.3), (100, 1)))
    talker.due(FRAME_NS)
    messages = talker.due(60 * FRAME_NS)
    assert [message.sequence for message in messages] == [60]
