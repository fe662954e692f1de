"""The connection of a person's tool (fleet, codec peer): no box, so no will and no session that outlives it."""

from __future__ import annotations

import uuid
from typing import Final

import paho.mqtt.client as paho

from visaged.config import MqttSettings
from visaged.control.mqtt.client import make_client
from visaged.control.mqtt.opening import open_connection
from visaged.control.mqtt.tcp_nodelay import send_at_once

# A person waits longer than a box, which tries again.
_LONGEST_S: Final = 10.0


def open_tool_client(settings: MqttSettings, purpose: str) -> paho.Client:
    """A client that the broker has taken in. Raises MqttError. Set ``on_connect``: it may be connected again later."""
    client = make_client(settings, f"visaged-{purpose}-{uuid.uuid4().hex[:12]}", reconnect=True)
    send_at_once(client)
    open_connection(client, settings, longest_s=_LONGEST_S)
    return client
