"""The brain realtime over several connections: lost, renewed, begun anew for another guest."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from tests.conversation.brains.realtime_server import tone
from tests.conversation.brains.realtime_talk import Make, making
from tests.patience import wait_until
from visaged.conversation.brains.realtime.vendors import Vendor


@pytest.fixture
def make() -> Iterator[Make]:
    yield from making()


def test_a_lost_connection_comes_back_and_is_told_what_was_said(make: Make) -> None:
    talk = make()
    talk.until("connected")
    said = {"type": "conversation.item.input_audio_transcription.completed", "item_id": "g1", "content_index": 0}
    talk.server.send({**said, "transcript": "who are you", "usage": {"type": "duration", "seconds": 1}})
    talk.server.answer(0.1, text="the host")
    talk.until("over", "i1")
    talk.in_order()
    assert talk.server.connection is not None
    talk.server.connection.close(1011, "restart")
    talk.until("disconnected")
    items = [talk.server.until("conversation.item.create", number)["item"] for number in (1, 2)]
    assert [(item["role"], item["content"][0]["text"]) for item in items] == [
        ("user", "who are you"),
        ("assistant", "the host"),
    ]
    why = next(told for told in talk.host.told if told[0] == "disconnected")
    assert "restart" in why[1]


def test_another_guest_is_told_nothing_of_the_one_before(make: Make) -> None:
    talk = make()
    talk.until("connected")
    talk.server.answer(0.1, text="a secret")
    talk.until("over", "i1")
    talk.in_order()
    talk.brain.forget()
    talk.server.until("session.update", 2)
    wait_until(lambda: talk.host.kinds().count("connected") == 2, "the second session")
    talk.brain.hear(np.zeros(480, np.int16))
    talk.server.until("input_audio_buffer.append")
    assert "conversation.item.create" not in talk.server.types()


def test_before_a_session_ends_another_begins_and_no_sound_is_lost(make: Make) -> None:
    talk = make(vendor=Vendor("OpenAI", "ga", renew_after_s=0.001))
    talk.until("connected")
    talk.server.begin()
    talk.server.delta(tone(0.1))
    wait_until(lambda: bool(talk.host.sounds), "an answer under way")
    talk.brain.hear(np.full(480, 1, np.int16))
    assert len(talk.server.paths) == 1, "not while it answers"
    talk.server.end()
    talk.in_order()
    for number in range(2, 6):
        talk.brain.hear(np.full(480, number, np.int16))
    talk.server.until("input_audio_buffer.append", 5)
    wait_until(lambda: talk.host.kinds().count("connected") >= 2, "another session")
    heard = np.frombuffer(talk.server.sound(), "<i2").reshape(-1, 480)[:, 0].tolist()
    assert heard == [1, 2, 3, 4, 5]
    assert "disconnected" not in talk.host.kinds()
