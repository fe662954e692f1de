"""Make TCP hand over small messages at once.

Without this, Nagle's algorithm on one side and delayed acknowledgements on the other hold an MQTT request up by 40 ms.
"""

from __future__ import annotations

import socket
from typing import Any

import paho.mqtt.client as paho


def send_at_once(client: paho.Client) -> None:
    """No Nagle on this client's connections (paho leaves it on)."""
    client.on_socket_open = _no_delay


def acknowledge_at_once(connection: Any) -> None:
    """Do not delay the next acknowledgement: the broker's own Nagle waits for it. Linux forgets: after each read."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)


def _no_delay(client: paho.Client, userdata: Any, connection: Any) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    acknowledge_at_once(connection)
