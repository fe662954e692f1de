"""One connection to the broker and back, for ``visaged doctor``: would it take this box in?"""

from __future__ import annotations

import uuid

from visaged.config import MqttSettings
from visaged.control.mqtt.client import make_client
from visaged.control.mqtt.opening import open_connection


def check_broker(settings: MqttSettings) -> None:
    """Connect, wait for CONNACK, disconnect. Raises MqttError with message and remedy when that does not work.

    Under a client id of its own, so that a running daemon is not thrown out; the will is never sent.
    """
    will = (f"{settings.base}/doctor/status", b"")
    client = make_client(settings, f"visaged-doctor-{uuid.uuid4().hex[:8]}", will)
    open_connection(client, settings)
    client.disconnect()
