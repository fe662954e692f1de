"""From CONNECT to the broker's answer: the one way in, for the daemon, for a person's tools and for the doctor."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from visaged.config import MqttSettings
from visaged.control.mqtt.client import make_properties
from visaged.control.mqtt.errors import MqttError, explain_failure, explain_refusal

CONNACK_S: Final = 4.0
"""CONNECT went out; a broker that does not answer within this is not one, or is drowning."""
# Requests up to here are answered, with an error when too large for their command; the broker keeps back the rest.
_MAX_PACKET_BYTES: Final = 2 << 20
# Unacknowledged requests the broker may have under way: a flood waits there, not in our memory.
_RECEIVE_MAXIMUM: Final = 64
_STEP_S: Final = 0.1


def open_connection(
    client: paho.Client,
    settings: MqttSettings,
    step: Callable[[float], None] | None = None,
    *,
    session_expiry_s: int = 0,
    longest_s: float = CONNACK_S,
    give_up: Callable[[], bool] = lambda: False,
) -> Properties | None:
    """Send CONNECT, wait for CONNACK, and return its properties (None over MQTT 3.1.1).

    ``step(timeout_s)`` lets the client work; None: the client's own loop. ``client.on_connect`` is free afterwards.
    Raises MqttError with the reason when the broker does not take us in.
    """
    answers: list[tuple[ReasonCode, Properties | None]] = []

    def note(client: Any, userdata: Any, flags: Any, reason: ReasonCode, properties: Properties | None) -> None:
        answers.append((reason, properties))

    client.on_connect = note
    work = step or _own_loop(client)
    deadline = time.monotonic() + longest_s
    try:
        _connect(client, settings, session_expiry_s)
        while not answers:
            if time.monotonic() > deadline or give_up():
                raise TimeoutError("no answer to CONNECT")
            _refusal_first(work, answers)
    except (OSError, ValueError) as error:
        raise explain_failure(error, settings) from None
    finally:
        client.on_connect = None
    reason, properties = answers[0]
    if reason.is_failure:
        raise explain_refusal(reason.value, str(reason), settings)
    return properties


def _connect(client: paho.Client, settings: MqttSettings, session_expiry_s: int) -> None:
    if settings.protocol != "5":
        client.connect(settings.host, settings.port, settings.keepalive_s)
        return
    properties = make_properties(PacketTypes.CONNECT)
    properties.SessionExpiryInterval = session_expiry_s
    properties.MaximumPacketSize = _MAX_PACKET_BYTES
    properties.ReceiveMaximum = _RECEIVE_MAXIMUM
    client.connect(settings.host, settings.port, settings.keepalive_s, clean_start=False, properties=properties)


def _own_loop(client: paho.Client) -> Callable[[float], None]:
    def work(timeout_s: float) -> None:
        if client.socket() is None:
            raise ConnectionError("the connection was closed instead of an answer to CONNECT")
        client.loop(timeout_s)

    return work


def _refusal_first(work: Callable[[float], None], answers: list[tuple[ReasonCode, Properties | None]]) -> None:
    """A broker that refuses closes the connection, too: the refusal is what is told."""
    try:
        work(_STEP_S)
    except MqttError:
        if not (answers and answers[0][0].is_failure):
            raise
