"""A paho client of a person's tool (fleet, codec peer): no box, so no will and no session that outlives it."""

from __future__ import annotations

import uuid

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from visaged.config import MqttSettings
from visaged.control.mqtt.client import read_password, tls_context
from visaged.control.mqtt.tcp_nodelay import send_at_once


def make_visitor(settings: MqttSettings, purpose: str) -> paho.Client:
    """A client that is not connected yet. Raises MqttError when a file it needs cannot be used."""
    modern = settings.protocol == "5"
    client = paho.Client(
        CallbackAPIVersion.VERSION2,
        f"visaged-{purpose}-{uuid.uuid4().hex[:12]}",
        protocol=MQTTProtocolVersion.MQTTv5 if modern else MQTTProtocolVersion.MQTTv311,
    )
    if settings.username:
        client.username_pw_set(settings.username, read_password(settings))
    if settings.tls or settings.ca_file:
        client.tls_set_context(tls_context(settings))
    send_at_once(client)
    return client
