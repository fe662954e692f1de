"""The link against a real mosquitto: presence, commands, losses."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.control.broker import Broker, free_port
from tests.control.fakes import Desk
from tests.control.mqtt.linked import Linked, link_to, settings_for
from tests.control.operator import Operator
from tests.patience import PATIENCE_S, wait_until
from visaged.control.mqtt.send_queue import OutgoingMessage

REQUEST = "visaged/box-01/request"
RESPONSE = "visaged/box-01/response"
STATUS = "visaged/box-01/status"


def test_a_command_is_answered_on_the_response_topic(linked: Linked, operator: Operator) -> None:
    operator.wait_for(STATUS, state="online")
    operator.publish(f"{REQUEST}/capsule.play", {"transaction": "1", "cid": "VF_083"})
    answer = operator.wait_for(f"{RESPONSE}/capsule.play")
    assert (answer["transaction"], answer["status"], answer["data"]["played"][0]["cid"]) == ("1", "ok", "VF_083")


def test_group_and_all_reach_the_box_and_it_answers_on_its_own_topic(linked: Linked, operator: Operator) -> None:
    operator.wait_for(STATUS, state="online")
    operator.publish("visaged/group/lobby/request/ping", {"transaction": "group"})
    operator.publish("visaged/all/request/ping", {"transaction": "all"})
    operator.wait_for(f"{RESPONSE}/ping", transaction="group")
    operator.wait_for(f"{RESPONSE}/ping", transaction="all", device="box-01")


def test_requests_to_others_are_not_ours(linked: Linked, operator: Operator) -> None:
    operator.wait_for(STATUS, state="online")
    for topic in ("visaged/box-02/request/ping", "visaged/group/bar/request/ping", "visaged/box-01/requests/ping"):
        operator.publish(topic, {"transaction": "not mine"})
    operator.publish(f"{REQUEST}/ping", {"transaction": "mine"})
    operator.wait_for(f"{RESPONSE}/ping", transaction="mine")
    assert len(linked.desk.box.asked) == 1


def test_response_topic_and_correlation_data_are_honoured(linked: Linked, operator: Operator) -> None:
    operator.wait_for(STATUS, state="online")
    operator.publish(f"{REQUEST}/ping", {"transaction": "1"}, answer_to=f"{RESPONSE}/desk/7", correlation=b"\0\xff42")
    message = operator.wait(lambda message: message.topic == f"{RESPONSE}/desk/7")[0]
    assert message.properties.CorrelationData == b"\0\xff42"  # type: ignore[union-attr]
    assert json.loads(message.payload)["device"] == "box-01"


@pytest.mark.parametrize(
    "topic",
    [
        "visaged/box-02/request/restart",
        "visaged/group/response/request/restart",
        "visaged/box-02/status",
        "homeassistant/device/x/config",
        "desk/7/answers",
    ],
)
def test_answers_are_not_sent_where_they_would_act(linked: Linked, operator: Operator, topic: str) -> None:
    operator.wait_for(STATUS, state="online")
    operator.publish(f"{REQUEST}/ping", {"transaction": "1"}, answer_to=topic)
    answer = operator.wait_for(f"{RESPONSE}/ping", transaction="1")
    assert answer["error"]["field"] == "response_topic"
    assert linked.desk.box.asked == []


@pytest.mark.parametrize(
    ("topic", "payload", "code"),
    [
        ("ping", b"\xff\xfe\x00", "malformed"),
        ("ping", b"", "malformed"),
        ("config.set", b'{"settings":' + b'{"a":' * 9000 + b"1" + b"}" * 9001, "invalid"),
        ("packet", b'{"tts_text": "' + b"x" * (1 << 20) + b'"}', "too_large"),
        ("capsule.play", b'{"cid": 7}', "invalid"),
        ("capsule.explode", b"{}", "unknown_command"),
        ("a/b/c/../..", b"{}", "unknown_command"),
        ("ping/", b"{}", "unknown_command"),
        ("", b"{}", "unknown_command"),
        ("\u00e4\u202e\U0001f600", b"{}", "unknown_command"),
        ("x" * 5000, b"{}", "unknown_command"),
    ],
)
def test_what_is_malformed_is_answered_too(
    linked: Linked, operator: Operator, topic: str, payload: bytes, code: str
) -> None:
    operator.wait_for(STATUS, state="online")
    operator.publish(f"{REQUEST}/{topic}", payload)
    message = operator.wait(lambda message: message.topic.startswith(RESPONSE))[0]
    assert json.loads(message.payload)["error"]["code"] == code
    assert message.topic.count("/") == 3
    assert linked.desk.box.asked == []


def test_retained_requests_are_refused_before_and_after_the_box_comes(
    desk: Desk, broker: Broker, operator: Operator
) -> None:
    operator.publish(f"{REQUEST}/restart", {"transaction": "waiting"}, retain=True)
    box = link_to(desk, broker)
    box.link.start()
    answer = operator.wait_for(f"{RESPONSE}/restart", transaction="waiting")
    assert answer["error"]["code"] == "retained"
    operator.publish(f"{REQUEST}/restart", {"transaction": "live"}, retain=True)
    assert operator.wait_for(f"{RESPONSE}/restart", transaction="live")["error"]["code"] == "retained"
    assert desk.box.asked == []
    box.link.stop()


def test_a_replayed_transaction_is_answered_again_and_done_once(linked: Linked, operator: Operator) -> None:
    operator.wait_for(STATUS, state="online")
    for _ in range(3):
        operator.publish(f"{REQUEST}/capsule.play", {"transaction": "once", "cid": "VF_083"})
    operator.wait(lambda message: message.topic == f"{RESPONSE}/capsule.play", 3)
    assert len(linked.desk.box.asked) == 1


def test_status_comes_after_the_first_pose_and_says_stopped_at_the_end(
    desk: Desk, broker: Broker, operator: Operator
) -> None:
    box = link_to(desk, broker)
    box.state = None
    box.link.start()
    wait_until(lambda: box.link.connected)
    operator.publish(f"{REQUEST}/ping", {"transaction": "1"})
    operator.wait_for(f"{RESPONSE}/ping", transaction="1")
    assert not [message for message in operator.messages if message.topic == STATUS]
    box.state = "online"
    online = operator.wait_for(STATUS, state="online")
    box.state = "degraded"
    operator.wait_for(STATUS, state="degraded", session=online["session"])
    operator.wait_for("visaged/box-01/health", state="degraded")
    box.link.stop()
    operator.wait_for(STATUS, state="stopped", session=online["session"])
    assert not [m for m in operator.messages if m.topic == STATUS and json.loads(m.payload)["state"] == "offline"]
    assert all(message.retain for message in operator.messages if message.topic == STATUS)


def test_the_will_says_offline_with_the_session(linked: Linked, operator: Operator) -> None:
    online = operator.wait_for(STATUS, state="online")
    connection = linked.link._connection
    assert connection is not None
    transport = connection._client.socket()
    assert transport is not None
    transport.shutdown(2)  # type: ignore[union-attr]
    offline = operator.wait_for(STATUS, state="offline")
    assert offline["session"] == online["session"]
    wait_until(lambda: json.loads(_statuses(operator)[-1])["state"] == "online")
    assert json.loads(_statuses(operator)[-1])["session"] != online["session"]


def test_an_old_will_that_comes_late_is_put_right(linked: Linked, operator: Operator) -> None:
    online = operator.wait_for(STATUS, state="online")
    operator.publish(STATUS, {"state": "offline", "session": "of yesterday"}, retain=True)
    operator.wait_for(STATUS, state="offline")
    operator.wait(lambda message: message.topic == STATUS, 3)
    assert json.loads(_statuses(operator)[-1]) == online


def _statuses(operator: Operator) -> list[bytes]:
    return [bytes(message.payload) for message in operator.messages if message.topic == STATUS]


def test_discovery_is_announced_and_again_when_home_assistant_starts(linked: Linked, operator: Operator) -> None:
    topic = "homeassistant/device/box-01/config"
    operator.wait_for(topic, state_topic=STATUS)
    operator.publish("homeassistant/status", b"online")
    operator.wait(lambda message: message.topic == topic, 2)


def test_events_are_published(linked: Linked, operator: Operator) -> None:
    operator.wait_for(STATUS, state="online")
    linked.desk.events.listen(linked.link.tell)
    linked.desk.events.tell("capsule_start", cid="VF_083")
    event = operator.wait_for("visaged/box-01/event/capsule_start")
    assert event["data"] == {"cid": "VF_083"}


def test_a_broker_that_goes_and_comes_gets_everything_in_order(desk: Desk, broker: Broker) -> None:
    box = link_to(desk, broker)
    box.link.start()
    desk.events.listen(box.link.tell)
    wait_until(lambda: box.link.connected)
    broker.stop()
    wait_until(lambda: "mqtt_unreachable" in box.open_codes())
    for number in range(300):
        desk.events.tell("capsule_start", number=number)
    assert box.link.figures().queued >= 300
    broker.start()
    operator = Operator(broker.port)
    events = operator.wait(lambda message: message.topic.endswith("/event/capsule_start"), 300)
    assert [json.loads(message.payload)["data"]["number"] for message in events] == list(range(300))
    operator.wait_for(STATUS, state="online")  # the broker had lost it
    operator.wait_for("homeassistant/device/box-01/config")
    wait_until(lambda: box.open_codes() == set())
    assert box.link.figures().reconnects == 1
    assert box.link.figures().dropped == 0
    operator.close()
    box.link.stop()


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[Broker]:
    """A broker that keeps what it has acknowledged: what then does not come, the box has lost."""
    broker = Broker(tmp_path, ["persistence true", f"persistence_location {tmp_path}/", "max_queued_messages 0"])
    broker.start()
    yield broker
    broker.stop()


def test_an_end_of_the_broker_in_the_middle_of_a_stream_loses_and_reorders_nothing(desk: Desk, keeper: Broker) -> None:
    box = link_to(desk, keeper)
    box.link.start()
    desk.events.listen(box.link.tell)
    wait_until(lambda: box.link.connected)
    operator = Operator(keeper.port, returns=True)
    restarted = threading.Event()

    def stream() -> None:
        for number in range(2000):
            desk.events.tell("capsule_start", number=number)
            time.sleep(0.0005)
            if number == 1000:
                restarted.wait(PATIENCE_S)

    threading.Thread(target=stream).start()
    wait_until(lambda: len(_numbers(operator)) > 100, "a part of the stream")
    keeper.stop()
    keeper.start()
    restarted.set()
    wait_until(lambda: _numbers(operator)[-1:] == [1999], "the end of the stream")
    assert list(dict.fromkeys(_numbers(operator))) == list(range(2000)), "some twice, as QoS 1 allows"
    operator.close()
    box.link.stop()


def _numbers(operator: Operator) -> list[int]:
    events = operator.seen(lambda message: "/event/" in message.topic)
    return [json.loads(message.payload)["data"]["number"] for message in events]


def test_without_a_broker_the_box_waits_and_says_why(desk: Desk, broker: Broker) -> None:
    box = link_to(desk, broker, port=free_port())
    box.link.start()
    wait_until(lambda: box.open_codes() == {"mqtt_unreachable"})
    assert "nothing listens" in box.problems.current()[0].message
    box.link.stop()
    wait_until(lambda: "mqtt" not in {thread.name for thread in threading.enumerate()}, "its thread to end")


@pytest.mark.parametrize(
    "host", ["no.such.host.invalid", "x" * 64 + ".example", "..", "127.0.0.1..2", "a\x00b", "\ud800"]
)
def test_a_host_that_is_none_is_said_and_survived(desk: Desk, broker: Broker, host: str) -> None:
    """Settings refuse most of them; should one come by another way, it does not end the thread."""
    box = link_to(desk, broker)
    box.link.start()
    wait_until(lambda: box.link.reached_ns is not None)
    box.link.reconfigure(settings_for(broker).model_copy(update={"host": host}), [])
    wait_until(lambda: box.open_codes() == {"mqtt_unreachable"})
    box.link.reconfigure(settings_for(broker), [])
    wait_until(lambda: not box.open_codes())
    box.link.stop()


def test_the_link_moves_to_another_broker(linked: Linked, operator: Operator, broker: Broker, tmp_path: object) -> None:
    operator.wait_for(STATUS, state="online")
    other = Broker(broker.folder)
    other.start()
    linked.link.reconfigure(settings_for(other, base="site/visaged"), ["bar"])
    operator.wait_for(STATUS, state="stopped")
    there = Operator(other.port)
    there.wait_for("site/visaged/box-01/status", state="online")
    there.publish("site/visaged/group/bar/request/ping", {"transaction": "1"})
    there.wait_for("site/visaged/box-01/response/ping", transaction="1")
    assert linked.link.reached_ns is not None
    there.close()
    other.stop()


def test_version_3_1_1_on_request(desk: Desk, broker: Broker, operator: Operator) -> None:
    box = link_to(desk, broker, protocol="3.1.1")
    box.link.start()
    operator.wait_for(STATUS, state="online")
    operator.publish(f"{REQUEST}/ping", {"transaction": "1"})
    operator.wait_for(f"{RESPONSE}/ping", transaction="1")
    box.link.stop()
    operator.wait_for(STATUS, state="stopped")


def test_codec_frames_go_up_and_are_worthless_later(linked: Linked, operator: Operator, broker: Broker) -> None:
    operator.wait_for(STATUS, state="online")
    assert linked.link.send_codec(b"\x01frame")
    operator.wait(lambda message: message.topic == "visaged/box-01/codec/up" and message.payload == b"\x01frame")
    operator.close()
    broker.stop()
    wait_until(lambda: not linked.link.connected)
    assert not linked.link.send_codec(b"\x01frame")
    assert linked.link.figures().dropped_by_kind == {"codec": 1}


def test_codec_frames_come_down_once_somebody_takes_them(linked: Linked, operator: Operator) -> None:
    taken: list[bytes] = []
    operator.wait_for(STATUS, state="online")
    operator.publish("visaged/box-01/codec/down", b"kept", retain=True)
    linked.link.take_codec(taken.append)

    def came() -> bool:
        operator.publish("visaged/box-01/codec/down", b"live")
        return bool(taken)

    wait_until(came)
    linked.link.take_codec(None)
    assert set(taken) == {b"live"}, "what the broker kept was said to somebody else"


def test_codec_frames_never_push_out_what_must_arrive(linked: Linked) -> None:
    send_queue = linked.link.send_queue
    send_queue.put(OutgoingMessage("event", "visaged/box-01/event/error", b"{}"))
    for number in range(20):
        send_queue.limit("codec", 6)
        send_queue.put(OutgoingMessage("codec", "visaged/box-01/codec/up", bytes([number]), qos=0))
    waiting = [send_queue.take() for _ in range(len(send_queue))]
    assert [message.payload[0] for message in waiting if message and message.kind == "codec"] == list(range(14, 20))
    assert sum(message is not None and message.kind == "event" for message in waiting) == 1


def test_two_boxes_with_one_id_are_told_so(linked: Linked, operator: Operator, broker: Broker) -> None:
    operator.wait_for(STATUS, state="online")
    twin = link_to(linked.desk, broker)
    seen: set[str] = set()
    for box in (linked, twin):
        box.problems.listen(lambda problem, is_open: seen.add(problem.code))
    twin.link.start()
    wait_until(lambda: "mqtt_id_taken" in seen)
    twin.link.stop()


def _forge(operator: Operator, number: int) -> None:
    fields = {"state": "online", "session": f"forged-{number}", "since": "2026-01-01T00:00:00Z", "version": "1"}
    operator.publish(STATUS, fields, retain=True)


def test_forged_statuses_are_counted_and_said_and_drive_nothing(linked: Linked, operator: Operator) -> None:
    operator.wait_for(STATUS, state="online")
    connection = linked.link._connection
    for number in range(40):
        _forge(operator, number)
        operator.publish(f"{REQUEST}/ping", {"transaction": str(number)})
        operator.wait_for(f"{RESPONSE}/ping", transaction=str(number))
    wait_until(lambda: linked.link.figures().foreign_statuses == 40)
    wait_until(lambda: "mqtt_id_taken" in linked.open_codes())
    assert linked.link._connection is connection
    assert linked.link.figures().reconnects == 0
    (problem,) = linked.problems.current()
    assert STATUS in problem.message
    assert "let nobody else write there" in problem.remedy


def test_the_last_word_on_its_status_is_the_boxs_own(
    linked: Linked, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("visaged.control.mqtt.announcer._CORRECT_EVERY_NS", 10**9)
    online = operator.wait_for(STATUS, state="online")
    for number in range(3):
        _forge(operator, number)
    operator.wait_for(STATUS, session="forged-2")
    wait_until(lambda: json.loads(_statuses(operator)[-1]) == online)
    # The first was put right at once, the others together a second later.
    assert sum(json.loads(status) == online for status in _statuses(operator)) <= 3
