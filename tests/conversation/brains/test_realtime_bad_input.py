"""Whatever a Realtime server says, or leaves unsaid, the box goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conversation.brains.realtime_server import RealtimeServer
from tests.conversation.brains.realtime_talk import Make, making
from tests.patience import wait_until
from visaged.conversation.brains import socket as brain_socket
from visaged.conversation.brains.keys import read_key
from visaged.conversation.brains.realtime.brain import REFUSED_PROBLEM


@pytest.fixture
def make() -> Iterator[Make]:
    yield from making()


@pytest.mark.parametrize("arguments", ["", "[1]", "{", '"a"', "null", "[" * 100_000])
def test_a_tool_call_of_nonsense_has_no_arguments(make: Make, arguments: str) -> None:
    talk = make()
    talk.until("connected")
    call = {"response_id": "r1", "item_id": "f1", "output_index": 1, "call_id": "c1", "name": "wink"}
    talk.server.send({"type": "response.function_call_arguments.done", **call, "arguments": arguments})
    talk.server.until("conversation.item.create")
    assert dict(talk.host.calls[0].arguments) == {}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{",
        '{"type": 5}',
        '{"type": "response.output_audio.delta"}',
        '{"type": "response.output_audio.delta", "item_id": "i", "delta": "not base64!"}',
        '{"type": "response.output_audio.delta", "item_id": "i", "delta": 17}',
        '{"type": "response.created", "response": null}',
        '{"type": "response.done", "response": 5}',
        '{"type": "session.updated", "session": {"audio": {"output": {"format": {"rate": "x"}}}}}',
        '{"type": "error", "error": null}',
        '{"type": "error", "error": "a sentence"}',
        '{"type": "conversation.item.input_audio_transcription.completed"}',
        "[" * 200_000,
        '{"type": "what.is.this", "a": ' + "9" * 10_000 + "}",
    ],
)
def test_nothing_that_comes_ends_the_conversation(make: Make, text: str) -> None:
    talk = make()
    talk.until("connected")
    talk.server.send_raw(text)
    talk.server.answer(0.1)
    talk.until("over", "i1")
    assert len(talk.server.paths) == 1, "the same connection"


def test_an_error_that_only_came_too_late_is_none_and_another_ends_the_waiting(make: Make) -> None:
    talk = make()
    talk.until("connected")
    base = {"message": "no", "type": "invalid_request_error"}
    talk.server.send({"type": "error", "error": {**base, "code": "response_cancel_not_active"}})
    talk.in_order()
    assert "failed" not in talk.host.kinds()
    talk.server.send({"type": "error", "error": {**base, "code": "rate_limit_exceeded"}})
    talk.until("failed", "no")
    talk.server.send({"type": "response.created", "response": {"id": "r9"}})
    error = {"type": "server_error", "code": "overloaded"}
    talk.server.done("r9", "failed", status_details={"type": "failed", "error": error})
    talk.until("failed", "overloaded")


def test_a_session_that_is_refused_is_a_problem_with_the_servers_words(make: Make) -> None:
    talk = make()
    talk.until("connected")
    error = {"message": "Invalid voice 'x\x1b[2J'", "type": "invalid_request_error", "event_id": "update"}
    talk.server.send({"type": "error", "error": error})
    wait_until(lambda: bool(talk.problems.current()), "the problem")
    problem = talk.problems.current()[0]
    assert problem.code == REFUSED_PROBLEM
    assert "Invalid voice" in problem.message
    assert "\x1b" not in problem.message


def test_a_server_that_accepts_and_says_nothing_is_left(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brain_socket, "HANDSHAKE_S", 0.05)
    talk = make(RealtimeServer(None))
    talk.until("disconnected")
    assert "says nothing" in talk.host.told[0][1]
    talk.server.hello = {"type": "session.created", "session": {"type": "realtime"}}
    talk.until("connected")


def test_50_mb_at_once_end_the_connection_and_not_the_box(make: Make) -> None:
    talk = make(RealtimeServer(checked=False))
    talk.until("connected")
    talk.server.send_raw('{"type": "response.output_audio.delta", "delta": "' + "A" * 50_000_000 + '"}')
    talk.until("disconnected")
    wait_until(lambda: talk.host.kinds().count("connected") == 2, "it to come back")
    assert talk.host.sounds == {}


def test_no_server_is_said_in_words_and_tried_again(make: Make) -> None:
    server = RealtimeServer()
    port = server.port
    server.close()
    talk = make(server)
    talk.until("disconnected")
    assert "not reached" in talk.host.told[0][1]
    assert port == server.port


def test_a_key_that_is_refused_names_the_key(make: Make, tmp_path: Path) -> None:
    del make
    missing = tmp_path / "key"
    with pytest.raises(Exception, match="cannot be read"):
        read_key(str(missing))
    for content in (b"", b"a b", b"\xff\xfe", b"x" * 5_000):
        missing.write_bytes(content)
        with pytest.raises(Exception, match="expected"):
            read_key(str(missing))
    missing.write_bytes(b"sk-right\n")
    assert read_key(str(missing)) == "sk-right"
