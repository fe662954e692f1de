"""The brain chat against its three parts on real sockets."""

from __future__ import annotations

import io
import wave
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from tests.conversation.brains.chat_server import ChatServer
from tests.conversation.brains.hosts import RecordingHost
from tests.patience import wait_until
from visaged.conversation.brains.chat.brain import PROBLEM, ChatBrain
from visaged.conversation.brains.chat.parts import MOST_CHARS, BrainPart, Parts
from visaged.conversation.brains.protocol import Heard, Script
from visaged.problems import Problems

BRIEF = Script("Be brief.")


class Chat:
    def __init__(self, server: ChatServer, script: Script, *, local_voice: bool = False) -> None:
        self.server, self.host, self.problems = server, RecordingHost(), Problems()
        part = BrainPart(server.url, lambda: "sk-test", "small")
        voice = BrainPart("", lambda: "") if local_voice else part
        self.brain = ChatBrain(Parts(part, part, voice), script, self.host, self.problems)
        self.brain.start()

    def turn(self, seconds: float = 1.0) -> None:
        self.brain.begin_turn()
        for _ in range(round(seconds * 100)):
            self.brain.hear(np.full(240, 1_000, np.int16))
        self.brain.end_turn()

    def until(self, kind: str, count: int = 1) -> None:
        wait_until(lambda: self.host.kinds().count(kind) >= count, lambda: f"{count} {kind}: {self.host.told}")


@pytest.fixture
def server() -> Iterator[ChatServer]:
    server = ChatServer()
    yield server
    server.close()


@pytest.fixture
def make(server: ChatServer) -> Iterator[Callable[..., Chat]]:
    chats: list[Chat] = []

    def start(script: Script = BRIEF, **how: bool) -> Chat:
        chats.append(Chat(server, script, **how))
        return chats[-1]

    yield start
    for chat in chats:
        chat.brain.stop()


def test_a_turn_is_understood_answered_and_said_sentence_by_sentence(
    make: Callable[..., Chat], server: ChatServer
) -> None:
    chat = make()
    chat.turn()
    chat.until("over", 2)
    assert ("guest_said", "who are you") in chat.host.told
    assert server.spoken == ["I am the host.", "And you?"]
    assert [len(chat.host.heard(name)) for name in ("1.0", "1.1")] == [9_600, 9_600]
    asked = server.requests("completions")[0]
    assert asked["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "who are you"},
    ]
    body = server.requests("transcriptions")[0]
    at = body.index(b"RIFF")
    with wave.open(io.BytesIO(body[at:])) as heard:
        assert (heard.getframerate(), heard.getnframes()) == (24_000, 24_000)


def test_the_first_sentence_is_said_while_the_rest_is_being_thought(
    make: Callable[..., Chat], server: ChatServer
) -> None:
    server.hold.clear()
    chat = make()
    chat.turn()
    chat.until("over", 1)
    assert server.spoken == ["I am the host."]
    server.hold.set()
    chat.until("over", 2)


def test_a_cut_gives_up_everything_at_once_and_what_was_heard_stays(
    make: Callable[..., Chat], server: ChatServer
) -> None:
    server.pieces = ["One two three four. ", "Five six seven eight. ", "x" * 10]
    server.hold.clear()
    chat = make()
    chat.turn()
    chat.until("over", 1)
    chat.brain.cut([Heard("1.0", 200)])  # half of 0.4 s
    server.hold.set()
    server.pieces = ["Yes."]
    chat.turn()
    chat.until("over", 2)
    assert server.spoken == ["One two three four.", "Yes."]
    said = server.requests("completions")[1]["messages"]
    assert said[2] == {"role": "assistant", "content": "One two"}
    assert "failed" not in chat.host.kinds()


def test_another_guest_is_told_nothing_of_the_one_before(make: Callable[..., Chat], server: ChatServer) -> None:
    chat = make()
    chat.turn()
    chat.until("over", 2)
    chat.brain.cut([])
    chat.brain.forget()
    chat.turn()
    chat.until("over", 4)
    assert len(server.requests("completions")[1]["messages"]) == 2


def test_tags_are_told_to_the_model_and_taken_out_of_what_is_said(
    make: Callable[..., Chat], server: ChatServer
) -> None:
    done: list[str] = []

    def take_out(text: str) -> str:
        done.append(text)
        return text.replace("[smile]", "")

    server.pieces = ["[smile] Hello. ", "[smile] "]
    chat = make(Script("Be brief.", tags=("smile",), take_out=take_out))
    chat.turn()
    chat.until("over", 1)
    wait_until(lambda: len(done) == 2, "the second tag")
    assert server.spoken == ["Hello."]
    assert "[smile]" in server.requests("completions")[0]["messages"][0]["content"]


def test_the_greeting_is_said_by_the_voice_of_this_box(make: Callable[..., Chat], server: ChatServer) -> None:
    chat = make(Script(greeting="Good day to you."), local_voice=True)
    chat.until("over", 1)
    assert 0.5 < len(chat.host.heard("1.0")) / 24_000 < 3
    assert server.asked == []


def test_a_cough_is_not_sent(make: Callable[..., Chat], server: ChatServer) -> None:
    chat = make()
    chat.turn(0.1)
    chat.until("failed")
    assert server.asked == []


def test_a_model_that_never_stops_is_stopped(make: Callable[..., Chat], server: ChatServer) -> None:
    server.pieces, server.seconds = ["All work and no play. "] * 200_000, 0.01
    chat = make()
    chat.turn()
    wait_until(server.gone.is_set, "it to be left")
    wait_until(lambda: sum(map(len, server.spoken)) > MOST_CHARS * 0.9, "what was read to be said")
    assert sum(map(len, server.spoken)) < MOST_CHARS * 1.1


@pytest.mark.parametrize(
    ("part", "answer", "named"),
    [
        ("transcriptions", b"[1]", "JSON object"),
        ("transcriptions", b"{", "not JSON"),
        ("transcriptions", b'{"text": 5}', "no text"),
        ("completions", b"data: {\n\n", "not JSON"),
        ("completions", b"data: " + b"[" * 100_000 + b"\n", "not JSON"),
        ("completions", b"data: " + b"x" * 3_000_000, "without end"),
    ],
)
def test_what_is_no_answer_is_a_problem_and_the_next_turn_is_answered(
    make: Callable[..., Chat], server: ChatServer, part: str, answer: bytes, named: str
) -> None:
    chat = make()
    server.raw = {part: answer}
    chat.turn()
    chat.until("failed")
    assert named in _problem(chat)
    server.raw = {}
    chat.turn()
    chat.until("over", 2)
    wait_until(lambda: not chat.problems.current(), "the problem to be over")


def _problem(chat: Chat) -> str:
    return next(problem.message for problem in chat.problems.current() if problem.code == PROBLEM)


def test_a_web_page_is_no_answer(make: Callable[..., Chat], server: ChatServer) -> None:
    chat = make()
    server.kind = "text/html"
    chat.turn()
    chat.until("failed")
    assert "text/html" in _problem(chat)


def test_an_error_is_told_in_the_servers_words(make: Callable[..., Chat], server: ChatServer) -> None:
    server.status, server.text = 401, "bad \x1b[2J key"
    chat = make()
    chat.turn()
    chat.until("failed")
    message = chat.problems.current()[0].message
    assert "HTTP 401" in message
    assert "\x1b" not in message


@pytest.mark.parametrize("pieces", [[], [""], ["..."], ["\n\n"]])
def test_a_model_that_says_nothing_is_no_answer(
    make: Callable[..., Chat], server: ChatServer, pieces: list[str]
) -> None:
    server.pieces = pieces
    chat = make()
    chat.turn()
    chat.until("failed")
    assert server.spoken == []
