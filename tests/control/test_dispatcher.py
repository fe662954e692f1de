from __future__ import annotations

import json
import queue

import pytest

from tests.control.ask import ask
from tests.control.fakes import Desk, FakeBox, make_desk, serve_all
from tests.patience import PATIENCE_S
from visaged.clock import now_ns
from visaged.control.dispatcher import Dispatcher, Incoming
from visaged.control.protocol.commands import COMMANDS, face
from visaged.control.protocol.envelope import Response
from visaged.control.protocol.events import Events
from visaged.control.registry import Registry
from visaged.metrics import Metrics


@pytest.mark.parametrize("name", COMMANDS)
def test_the_example_of_every_command_is_answered_by_its_model(desk: Desk, name: str) -> None:
    command = COMMANDS[name]
    answer = ask(desk.dispatcher, name, command.example.encode())
    assert answer["status"] == "ok", answer
    assert answer["transaction"] == json.loads(command.example)["transaction"]
    assert (answer["command"], answer["device"], answer["error"]) == (name, "box-01", None)
    Response[command.data].model_validate(answer)  # type: ignore[name-defined]
    assert [type(request) for request in desk.box.asked] == [command.request]


def test_an_unknown_command_is_answered_with_those_there_are(desk: Desk) -> None:
    answer = ask(desk.dispatcher, "face.explode", {"transaction": "7"})
    assert answer["transaction"] == "7"
    assert answer["error"]["code"] == "unknown_command"
    assert "capsule.play" in answer["error"]["message"]


def test_a_retained_request_is_refused_and_not_carried_out(desk: Desk) -> None:
    answer = ask(desk.dispatcher, "restart", {"transaction": "7"}, retained=True)
    assert answer["error"]["code"] == "retained"
    assert desk.box.asked == []


def test_a_request_past_its_message_expiry_is_refused(desk: Desk) -> None:
    assert ask(desk.dispatcher, "ping", {}, deadline_ns=now_ns() - 1)["error"]["code"] == "expired"
    assert ask(desk.dispatcher, "ping", {}, deadline_ns=now_ns() + 10**10)["status"] == "ok"


def test_a_request_past_its_own_date_is_refused(desk: Desk) -> None:
    answer = ask(desk.dispatcher, "restart", {"expires_at": "2020-01-01T00:00:00Z"})
    assert (answer["error"]["code"], answer["error"]["field"]) == ("expired", "expires_at")
    assert desk.box.asked == []


def test_a_command_without_a_handler_is_unavailable() -> None:
    dispatcher = Dispatcher("box-01", Metrics(), Events())
    dispatcher.registry.serve(face.FACE_RELEASE, FakeBox().face_release)
    dispatcher.start()
    assert ask(dispatcher, "snapshot")["error"]["code"] == "unavailable"
    assert ask(dispatcher, "face.release")["status"] == "ok"
    dispatcher.stop()


def test_the_same_transaction_is_carried_out_once(desk: Desk) -> None:
    request = {"transaction": "once", "cid": "VF_083"}
    first, second = (ask(desk.dispatcher, "capsule.play", request) for _ in range(2))
    assert first == second
    assert len(desk.box.asked) == 1


def test_without_a_transaction_it_is_carried_out_each_time(desk: Desk) -> None:
    for _ in range(2):
        ask(desk.dispatcher, "capsule.play", {"cid": "VF_083"})
    assert len(desk.box.asked) == 2


def test_a_used_transaction_with_another_content_is_refused(desk: Desk) -> None:
    ask(desk.dispatcher, "capsule.play", {"transaction": "once", "cid": "VF_083"})
    answer = ask(desk.dispatcher, "capsule.play", {"transaction": "once", "cid": "VF_001"})
    assert answer["error"]["code"] == "transaction_reused"
    assert len(desk.box.asked) == 1


def test_who_repeats_a_slow_request_gets_its_answer_too(desk: Desk) -> None:
    desk.box.release.clear()
    answers: queue.Queue[bytes] = queue.Queue()
    for _ in range(2):
        desk.dispatcher.submit(Incoming("selftest", b'{"transaction": "slow"}', "test", answers.put))
    assert ask(desk.dispatcher, "ping")["status"] == "ok"  # the control thread is not held up
    desk.box.release.set()
    assert answers.get(timeout=PATIENCE_S) == answers.get(timeout=PATIENCE_S)
    assert sum(type(request).__name__ == "SelfTest" for request in desk.box.asked) == 1


def test_too_many_slow_commands_are_busy_and_may_be_sent_again(desk: Desk) -> None:
    desk.box.release.clear()
    answers: queue.Queue[bytes] = queue.Queue()
    for number in range(8):
        payload = json.dumps({"transaction": f"slow-{number}"}).encode()
        desk.dispatcher.submit(Incoming("selftest", payload, "test", answers.put))
    refused = json.loads(answers.get(timeout=PATIENCE_S))
    assert refused["error"]["code"] == "busy"
    desk.box.release.set()
    rest = [json.loads(answers.get(timeout=PATIENCE_S)) for _ in range(7)]
    assert "ok" in {answer["status"] for answer in rest}
    assert ask(desk.dispatcher, "selftest", {"transaction": refused["transaction"]})["status"] == "ok"


def test_slow_commands_tell_their_progress(desk: Desk) -> None:
    told: list[dict[str, object]] = []
    desk.events.listen(lambda event: told.append(event.data))
    ask(desk.dispatcher, "selftest", {"transaction": "p"})
    assert told == [{"command": "selftest", "transaction": "p", "doing": "clock", "percent": 50.0}]


def test_beyond_the_rate_every_request_is_answered_busy() -> None:
    made = make_desk(rate_per_s=10)
    made.dispatcher.start()
    answers: queue.Queue[bytes] = queue.Queue()
    for number in range(100):
        payload = json.dumps({"transaction": str(number)}).encode()
        made.dispatcher.submit(Incoming("ping", payload, "mqtt", answers.put))
    received = [json.loads(answers.get(timeout=PATIENCE_S)) for _ in range(100)]
    busy = [answer for answer in received if answer["status"] == "error"]
    assert {answer["error"]["code"] for answer in busy} == {"busy"}
    assert {answer["transaction"] for answer in received} == {str(number) for number in range(100)}
    assert len(made.box.asked) <= 20  # the hundred may lie across the turn of a second
    assert made.metrics.counter("control.busy").value == len(busy) >= 80
    made.dispatcher.stop()


def test_one_origin_in_a_flood_does_not_starve_another() -> None:
    made = make_desk(rate_per_s=10)
    made.dispatcher.start()
    for _ in range(50):
        made.dispatcher.submit(Incoming("ping", b"{}", "mqtt", lambda answer: None))
    assert ask(made.dispatcher, "ping", origin="local-1")["status"] == "ok"
    made.dispatcher.stop()


def test_a_full_queue_answers_at_once() -> None:
    made = make_desk()  # not started: nothing is taken out
    answers: list[bytes] = []
    for _ in range(257):
        made.dispatcher.submit(Incoming("ping", b'{"transaction": "q"}', "test", answers.append))
    assert [json.loads(answer)["error"]["code"] for answer in answers] == ["busy"]


def test_a_defect_in_a_handler_is_answered_and_the_next_command_works(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(request: object) -> None:
        raise ZeroDivisionError

    desk.dispatcher.registry.serve(face.MUTE_SET, broken)  # type: ignore[call-overload]
    assert ask(desk.dispatcher, "mute.set", {"muted": True})["error"]["code"] == "internal"
    assert "ZeroDivisionError" in caplog.text
    assert ask(desk.dispatcher, "ping")["status"] == "ok"


def test_a_handler_refuses_with_code_and_field(desk: Desk) -> None:
    answer = ask(desk.dispatcher, "mode.set", {"mode": "converse"})
    assert (answer["error"]["code"], answer["error"]["field"], answer["data"]) == ("unavailable", "mode", None)


def test_the_registry_says_what_nobody_carries_out() -> None:
    registry = Registry()
    serve_all(registry, FakeBox())
    assert registry.missing() == ()
    empty = Registry()
    empty.serve(face.FACE_RELEASE, FakeBox().face_release)
    assert set(empty.missing()) == set(COMMANDS) - {"face.release"}
