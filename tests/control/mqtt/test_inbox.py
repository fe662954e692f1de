"""Whatever a broker hands over: taken, refused or passed over, never an exception, and bounded in what is kept."""

from __future__ import annotations

import json
import queue

import paho.mqtt.client as paho
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tests.control.fakes import Desk
from tests.patience import PATIENCE_S
from visaged.control.mqtt.inbox import Inbox
from visaged.control.mqtt.send_queue import OutgoingMessage
from visaged.control.protocol.commands import COMMANDS
from visaged.control.protocol.topics import Topics


class Announcer:
    """Notes nothing."""

    def heard_status(self, payload: bytes) -> None:
        pass

    def discover(self) -> None:
        pass

    def hurry(self) -> None:
        pass


def _inbox(desk: Desk) -> tuple[Inbox, queue.Queue[OutgoingMessage]]:
    put: queue.Queue[OutgoingMessage] = queue.Queue()
    topics = Topics("visaged", "box-01", ("lobby",))
    return Inbox(topics, desk.dispatcher, Announcer(), lambda payload: None, put.put), put  # type: ignore[arg-type]


def _message(
    topic: str, payload: bytes, response: str | None = None, correlation: bytes | None = None
) -> paho.MQTTMessage:
    message = paho.MQTTMessage(topic=topic.encode())
    message.payload = payload
    message.properties = Properties(PacketTypes.PUBLISH)
    if response is not None:
        message.properties.ResponseTopic = response
    if correlation is not None:
        message.properties.CorrelationData = correlation
    return message


_TOPICS = st.sampled_from(
    ["visaged/box-01/status", "homeassistant/status", "visaged/box-01/codec/down", "visaged/all/request/", "x"]
) | st.sampled_from(sorted(COMMANDS)).map(lambda name: f"visaged/box-01/request/{name}")
_PAYLOADS = st.binary(max_size=200) | st.sampled_from(
    [b"[" * 200_000, b'{"a":' * 40_000, b"9" * 60_000, b'{"transaction": "t", "x": 1e400}', b"online"]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    _TOPICS,
    _PAYLOADS,
    st.none() | st.text(st.characters(codec="utf-8"), max_size=300),
    st.none() | st.binary(max_size=2000),
)
def test_any_message_is_taken_and_what_is_kept_is_bounded(
    desk: Desk, topic: str, payload: bytes, response: str | None, correlation: bytes | None
) -> None:
    inbox, put = _inbox(desk)
    inbox.take(_message(topic, payload, response, correlation))
    if "/request/" in topic:
        answer = put.get(timeout=PATIENCE_S)
        assert len(answer.correlation or b"") <= 1024
        assert len(answer.topic) <= 256
        assert json.loads(answer.payload)["status"] in ("ok", "error")


@pytest.mark.parametrize("size", [1024, 1025])
def test_correlation_data_comes_back_up_to_a_size(desk: Desk, size: int) -> None:
    inbox, put = _inbox(desk)
    inbox.take(_message("visaged/box-01/request/ping", b'{"transaction": "t"}', correlation=bytes(size)))
    answer = put.get(timeout=PATIENCE_S)
    told = json.loads(answer.payload)
    assert told["transaction"] == "t"
    if size == 1024:
        assert (told["status"], answer.correlation) == ("ok", bytes(size))
    else:
        assert (told["error"]["field"], answer.correlation) == ("correlation_data", None)
