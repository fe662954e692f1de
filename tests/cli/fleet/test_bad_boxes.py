"""One bad box, or anybody who may write below the base, never stops ``visaged fleet``."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cli.fleet.running import Fleet
from tests.control.broker import Broker
from tests.control.mqtt.linked import settings_for
from tests.control.operator import Operator
from tests.patience import wait_until
from visaged.cli.fleet import messages
from visaged.cli.fleet.bad_messages import BadMessages
from visaged.cli.fleet.boxes import Boxes
from visaged.cli.fleet.link import FleetLink
from visaged.cli.fleet.messages import BadMessage, read_event, read_health, read_reply, read_status

NO_DATA = b'{"transaction": "t", "command": "ping", "device": "b", "status": "ok", "error": null, "\\"": 1e+308}'
NESTED = b"[" * 200_000
# "TRANSACTION" becomes that of the request: these are answers to it.
BAD = {
    "no data": NO_DATA.replace(b'"t"', b'"TRANSACTION"'),
    "nested": NESTED,
    "nested data": b'{"transaction": "TRANSACTION", "error": null, "data": ' + b'{"a":' * 200_000,
    "data is text": b'{"transaction": "TRANSACTION", "error": null, "data": "x"}',
    "data is infinite": b'{"transaction": "TRANSACTION", "error": null, "data": {"a": 1e400}}',
    "error is text": b'{"transaction": "TRANSACTION", "error": "x", "data": null}',
    "transaction is a list": b'{"transaction": ["TRANSACTION"], "error": null, "data": {}}',
    "huge": b'{"transaction": "TRANSACTION", "error": null, "data": {"a": "' + b"x" * (1 << 20) + b'"}}',
    "not UTF-8": b"\xff\xfe",
    "empty": b"",
    "a list": b"[]",
}
STATUS = b'{"state": "online", "session": "s", "since": "2026-01-01T00:00:00Z", "version": "1"}'


@contextmanager
def evil(broker: Broker, answer: Callable[[str, str], bytes]) -> Iterator[Operator]:
    """The box ``evil``: online, and answering each request with ``answer(command, transaction)``."""
    client = Operator(broker.port, topic="visaged/+/request/#")

    def hear(_client: object, _data: object, message: object) -> None:
        command = message.topic.rpartition("/")[2]  # type: ignore[attr-defined]
        transaction = json.loads(message.payload)["transaction"]  # type: ignore[attr-defined]
        client.client.publish(f"visaged/evil/response/{command}", answer(command, transaction), 1)

    client.client.message_callback_add("visaged/+/request/#", hear)
    client.publish("visaged/evil/status", STATUS, retain=True)
    yield client
    client.close()


@pytest.mark.parametrize("answer", BAD.values(), ids=BAD)
def test_a_bad_answer_is_named_and_the_others_come_in(
    fleet: Fleet, capsys: pytest.CaptureFixture[str], answer: bytes
) -> None:
    with evil(fleet.broker, lambda _, transaction: answer.replace(b"TRANSACTION", transaction.encode())):
        assert fleet.run("send", "ping", "--to", "box-01", "evil", "box-02", "--timeout", "1", "--json") == 1
    out, err = capsys.readouterr()
    answered = {line["device"]: line["answered"] for line in map(json.loads, out.splitlines())}
    assert answered == {"box-01": True, "box-02": True, "evil": False}
    assert "evil/response/ping (3; " in err  # it hears what the others are asked, too
    assert err.count("\n") == 1


def test_what_a_bad_box_says_is_shown_and_not_obeyed(fleet: Fleet, capsys: pytest.CaptureFixture[str]) -> None:
    attack = "\x1b]0;TITLE\x07\n\u202e\x9b"

    def answer(command: str, transaction: str) -> bytes:
        if command == "ping":
            return json.dumps({"transaction": transaction, "error": None, "data": {attack: [attack]}}).encode()
        error = {"code": "refused", "message": attack, "field": attack}
        return json.dumps({"transaction": transaction, "error": error, "data": None}).encode()

    with evil(fleet.broker, answer):
        assert fleet.run("send", "ping", "--to", "evil") == 0
        assert fleet.run("send", "selftest", "--to", "evil") == 1
        assert fleet.run("rollout", "--set", "face.intensity=1", "--to", "evil") == 1
    out, err = capsys.readouterr()
    assert r"\u001b]0;TITLE\u0007" in out  # data: JSON's escapes
    assert r"refused (\x1b]0;TITLE" in out
    assert all(line.isprintable() for line in (out + err).split("\n"))


@pytest.mark.parametrize("data", [{}, {"settings": 5}, {"settings": {"face": 5}, "on_probation": False}])
def test_a_rollout_names_the_box_that_answers_nonsense(
    fleet: Fleet, capsys: pytest.CaptureFixture[str], data: dict[str, object]
) -> None:
    def answer(command: str, transaction: str) -> bytes:
        error = {"code": "refused", "message": "not me"} if command == "config.set" else None
        fields = {"transaction": transaction, "command": command, "device": "evil", "status": "ok"}
        return json.dumps(fields | {"error": error, "data": data}).encode()

    with evil(fleet.broker, answer):
        assert fleet.run("rollout", "--set", "face.intensity=1", "--all", "--waves", "100%") == 1
        assert fleet.run("rollout", "--model", "lipsync", "--all", "--waves", "100%") == 1
    assert capsys.readouterr().out.count("\n  evil: ") == 2


def test_an_answer_of_a_box_that_was_not_asked_stops_no_rollout(fleet: Fleet) -> None:
    error = {"code": "failed", "message": "not asked"}

    def answer(command: str, transaction: str) -> bytes:
        fields = {"transaction": transaction, "command": command, "device": "evil", "status": "error"}
        return json.dumps(fields | {"error": error, "data": None}).encode()

    words = ("rollout", "--set", "face.intensity=1", "--to", "box-01", "--settle", "0", "--soak", "0.1")
    with evil(fleet.broker, answer):
        assert fleet.run(*words) == 0


def test_bad_messages_on_every_topic_are_counted_and_the_rest_goes_on(broker: Broker, operator: Operator) -> None:
    with FleetLink(settings_for(broker)) as link:
        heard = []
        link.listen(lambda device_id, event: heard.append(device_id))
        topics = ["evil/status", "evil/health", "evil/event/problem", "evil/response/ping"]
        bad = [payload for payload in (*BAD.values(), NO_DATA) if payload]
        for topic in topics:
            for payload in bad:
                operator.publish(f"visaged/{topic}", payload)
        operator.publish("visaged/box-01/status", STATUS)
        operator.publish("visaged/box-01/event/error", {"event": "error", "time": "2026-01-01T00:00:00Z"})
        wait_until(lambda: heard == ["box-01"])
        assert link.boxes.get("box-01").alive
        assert link.bad.total == len(topics) * len(bad)
        assert all(topic in link.bad.line() for topic in topics)


def test_a_defect_in_the_tool_ends_no_thread(broker: Broker, operator: Operator) -> None:
    with FleetLink(settings_for(broker)) as link:

        def fail(device_id: str, event: object) -> None:
            raise RecursionError("too deep")

        link.listen(fail)
        operator.publish("visaged/box-01/event/error", {"event": "error", "time": "2026-01-01T00:00:00Z"})
        operator.publish("visaged/box-02/status", STATUS)
        wait_until(lambda: link.boxes.get("box-02").alive)
        assert "box-01/event/error (1; RecursionError: too deep)" in link.bad.line()


def test_ls_and_watch_name_what_they_could_not_read(fleet: Fleet, capsys: pytest.CaptureFixture[str]) -> None:
    sender = Operator(fleet.broker.port)
    sender.publish("visaged/box-04/health", NESTED, retain=True)
    assert fleet.run("ls", "--json") == 0
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 4
    assert "messages that could not be read: box-04/health (1; Invalid JSON: recursion limit exceeded" in err
    assert fleet.run("watch", "--seconds", "0.6") == 0
    assert "box-04/health (1; " in capsys.readouterr().out
    sender.close()


def test_made_up_boxes_and_topics_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visaged.cli.fleet.boxes.MAX_BOXES", 3)
    monkeypatch.setattr("visaged.cli.fleet.bad_messages._KEPT", 10)
    boxes, bad = Boxes(), BadMessages()
    for number in range(50):
        try:
            boxes.heard(f"b{number}", "status", STATUS)
        except BadMessage as error:
            bad.count(f"b{number}/status", str(error))
    assert [box.device_id for box in boxes.all()] == ["b0", "b1", "b2"]
    assert bad.total == 47
    assert "b3/status (1; 3 boxes are known already)" in bad.line()
    assert "42 on other topics" in bad.line()
    assert len(bad._by_topic) == 10


@pytest.mark.parametrize("words", [["forget", "#"], ["send", "ping", "--to", "a/b"], ["send", "ping", "--group", "+"]])
def test_names_that_are_no_names(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    from visaged.cli.main import main  # noqa: PLC0415

    assert main(["fleet", *words]) == 2
    assert "no name of a box" in capsys.readouterr().err


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
_FIELDS = ("transaction", "data", "error", "state", "session", "since", "version", "time", "event", "problems")


@given(
    st.binary()
    | st.dictionaries(st.sampled_from(_FIELDS), _JSON, max_size=5).map(lambda value: json.dumps(value).encode())
)
def test_any_payload_is_a_message_or_a_short_printable_reason(payload: bytes) -> None:
    for read in (read_status, read_health, read_event, read_reply):
        try:
            read(payload)
        except BadMessage as error:
            assert str(error).isprintable()
            assert len(str(error)) <= messages._REASON
