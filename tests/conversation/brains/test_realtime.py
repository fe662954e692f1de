"""The brain realtime against a server on a real socket that checks each event by OpenAI's own types."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from tests.conversation.brains.realtime_server import BETA_CREATED, RealtimeServer, tone
from tests.conversation.brains.realtime_talk import Make, making
from tests.patience import wait_until
from visaged.conversation.brains.protocol import Heard, Script
from visaged.conversation.brains.realtime.vendors import OTHER, VENDORS, Vendor, vendor_of


@pytest.fixture
def make() -> Iterator[Make]:
    yield from making()


def test_the_first_words_are_the_session_by_the_ga_types(make: Make) -> None:
    talk = make(key="sk-test")
    update = talk.server.until("session.update")["session"]
    assert update["audio"]["input"]["format"] == {"type": "audio/pcm", "rate": 24_000}
    assert update["audio"]["input"]["turn_detection"]["type"] == "server_vad"
    assert update["audio"]["output"]["voice"] == "marin"
    assert update["tools"][0]["name"] == "wink"
    assert talk.server.paths == ["/v1/realtime?model=gpt-test"]
    assert talk.server.headers[0]["Authorization"] == "Bearer sk-test"
    talk.until("connected")


def test_a_server_of_the_beta_gets_the_flat_session_and_its_names_are_understood(make: Make) -> None:
    talk = make(RealtimeServer(BETA_CREATED, checked=False), OTHER)
    session = talk.server.until("session.update")["session"]
    assert session["modalities"] == ["audio", "text"]
    assert session["input_audio_format"] == "pcm16"
    talk.until("connected")
    place = {"response_id": "r1", "item_id": "i1", "content_index": 0}
    talk.server.send({"type": "response.created", "response": {"id": "r1"}})
    talk.server.send({"type": "response.audio_transcript.delta", **place, "delta": "good day"})
    talk.server.send({"type": "response.audio.delta", **place, "delta": "AAAAAA=="})
    talk.server.send({"type": "response.audio.done", **place})
    talk.until("over", "i1")
    assert talk.host.words == {"i1": "good day"}
    assert len(talk.host.heard("i1")) == 2


def test_xai_has_voice_and_turns_at_the_top(make: Make) -> None:
    vendor = next(vendor for end, vendor in VENDORS if end == "api.x.ai")
    session = make(RealtimeServer(checked=False), vendor).server.until("session.update")["session"]
    assert session["voice"] == "marin"
    assert session["turn_detection"]["type"] == "server_vad"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("wss://api.openai.com/v1/realtime", "OpenAI"),
        ("wss://mine.openai.azure.com/openai/v1/realtime", "Azure"),
        ("wss://api.openai.com.evil.example/v1/realtime", "other"),
        ("ws://localhost:8080/v1/realtime", "other"),
    ],
)
def test_a_vendor_is_known_by_the_end_of_its_host(url: str, name: str) -> None:
    assert vendor_of(url).name == name


def test_the_guest_is_heard_in_pieces_of_20_ms_without_loss(make: Make) -> None:
    talk = make()
    talk.until("connected")
    sound = np.arange(2400, dtype=np.int16)
    for block in sound.reshape(-1, 240):
        talk.brain.hear(block)
    talk.server.until("input_audio_buffer.append", 5)
    assert talk.server.sound() == sound.astype("<i2").tobytes()


def test_an_answer_is_sound_and_words(make: Make) -> None:
    talk = make()
    talk.until("connected")
    talk.server.guest_begins()
    talk.server.guest_ends()
    talk.server.answer(0.5, text="welcome")
    talk.until("over", "i1")
    assert talk.host.heard("i1").tobytes() == tone(0.5)
    assert talk.host.words == {"i1": "welcome"}
    assert talk.host.kinds()[:3] == ["connected", "guest_began", "guest_ended"]


def test_a_sample_that_comes_in_halves_is_whole(make: Make) -> None:
    talk = make()
    talk.until("connected")
    talk.server.begin()
    data = tone(0.1)
    talk.server.delta(data[:101])
    talk.server.delta(data[101:])
    talk.server.end()
    talk.until("over", "i1")
    assert talk.host.heard("i1").tobytes() == data


def test_an_answer_in_another_rate_is_heard_at_its_pitch(make: Make) -> None:
    talk = make(vendor=Vendor("other", "ga"))
    talk.until("connected")
    says = {"audio": {"output": {"format": {"type": "audio/pcm", "rate": 48_000}}}}
    talk.server.send_raw(f'{{"type": "session.updated", "session": {str(says).replace(chr(39), chr(34))}}}')
    talk.server.begin()
    talk.server.delta(tone(1.0, 48_000))
    talk.server.end()
    talk.until("over", "i1")
    heard = talk.host.heard("i1").astype(np.float64)
    assert abs(len(heard) - 24_000) < 1_000
    peak = np.abs(np.fft.rfft(heard[4_000:20_000])).argmax() * 24_000 / 16_000
    assert peak == pytest.approx(307, abs=2)


def test_a_cut_cancels_truncates_to_what_was_played_and_late_deltas_are_ignored(make: Make) -> None:
    talk = make()
    talk.until("connected")
    talk.server.begin()
    talk.server.delta(tone(2.0))
    wait_until(lambda: len(talk.host.heard("i1")) == 48_000, "the sound")
    talk.brain.cut([Heard("i1", 730)])
    assert talk.server.until("response.cancel")["response_id"] == "r1"
    truncate = talk.server.until("conversation.item.truncate")
    assert (truncate["item_id"], truncate["content_index"], truncate["audio_end_ms"]) == ("i1", 0, 730)
    talk.server.delta(tone(1.0))
    talk.server.end(status="cancelled")
    talk.in_order()
    assert len(talk.host.heard("i1")) == 48_000
    talk.server.answer(0.1, "r2", "i2")
    talk.until("over", "i2")
    assert len(talk.host.heard("i2")) == 2_400


def test_what_was_not_heard_at_all_is_deleted_and_no_more_is_claimed_than_there_is(make: Make) -> None:
    talk = make()
    talk.until("connected")
    talk.server.answer(0.5, "r1", "i1")
    talk.until("over", "i1")
    talk.server.answer(0.5, "r2", "i2")
    talk.until("over", "i2")
    talk.in_order()
    talk.brain.cut([Heard("i1", 0), Heard("i2", 9_999)])
    assert talk.server.until("conversation.item.delete")["item_id"] == "i1"
    assert talk.server.until("conversation.item.truncate")["audio_end_ms"] == 500
    assert "response.cancel" not in talk.server.types(), "nothing was being made"


def test_manual_turns_clear_send_the_pre_roll_again_commit_and_ask(make: Make) -> None:
    talk = make(server_turns=False)
    assert talk.server.until("session.update")["session"]["audio"]["input"]["turn_detection"] is None
    talk.until("connected")
    assert not talk.brain.hears_all
    talk.brain.begin_turn()
    for _ in range(3):
        talk.brain.hear(np.ones(240, np.int16))
    talk.brain.end_turn()
    talk.server.until("response.create")
    assert talk.server.types() == [
        "session.update",
        "input_audio_buffer.clear",
        "input_audio_buffer.append",
        "input_audio_buffer.append",
        "input_audio_buffer.commit",
        "response.create",
    ]
    assert len(talk.server.sound()) == 3 * 480, "the rest of a piece is sent before the commit"


def test_a_tool_is_called_and_a_turn_without_words_is_asked_for_them(make: Make) -> None:
    talk = make()
    talk.until("connected")
    talk.server.begin()
    call = {"response_id": "r1", "item_id": "f1", "output_index": 1, "call_id": "c1", "name": "wink"}
    talk.server.send({"type": "response.function_call_arguments.done", **call, "arguments": '{"eye": "left"}'})
    output = talk.server.until("conversation.item.create")["item"]
    assert (output["type"], output["call_id"], output["output"]) == ("function_call_output", "c1", "done")
    talk.server.done()
    talk.server.until("response.create")
    assert talk.host.calls[0].arguments == {"eye": "left"}


def test_the_greeting_is_asked_for_once(make: Make) -> None:
    talk = make(script=Script("x", greeting="Hello!"))
    assert "Hello!" in talk.server.until("response.create")["response"]["instructions"]
    talk.until("connected")
    assert talk.server.connection is not None
    talk.server.connection.close()
    talk.server.until("session.update", 2)
    wait_until(lambda: talk.host.kinds().count("connected") == 2, "the second session")
    talk.brain.hear(np.zeros(480, np.int16))
    talk.server.until("input_audio_buffer.append")
    assert len(talk.server.of("response.create")) == 1
