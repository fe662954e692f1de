"""One connection to the broker and back, for ``visaged doctor``: would it take this box in?"""

from __future__ import annotations

import time
import uuid
from typing import Any, Final

from paho.mqtt.reasoncodes import ReasonCode

from visaged.config import MqttSettings
from visaged.control.mqtt.client import connect, make_client
from visaged.control.mqtt.errors import explain_failure, explain_refusal

_CONNACK_S: Final = 4.0


def check_broker(settings: MqttSettings) -> None:
    """Connect, wait for CONNACK, disconnect. Raises MqttError with message and remedy when that does not work.

    Under a client id of its own, so that a running daemon is not thrown out; the will is never sent.
    """
    answers: list[ReasonCode] = []

    def note(client: Any, userdata: Any, flags: Any, reason: ReasonCode, properties: Any) -> None:
        answers.append(reason)

    topic = f"{settings.base}/doctor/status"
    client = make_client(settings, f"visaged-doctor-{uuid.uuid4().hex[:8]}", topic, b"")
    client.on_connect = note
    try:
        connect(client, settings, session_expiry_s=0)
    except (OSError, ValueError) as error:
        raise explain_failure(error, settings) from None
    deadline = time.monotonic() + _CONNACK_S
    while not answers and client.socket() is not None and time.monotonic() < deadline:
        client.loop(0.1)
    client.disconnect()
    if not answers:
        raise explain_failure(TimeoutError("no answer to CONNECT"), settings)
    if answers[0].is_failure:
        raise explain_refusal(answers[0].value, str(answers[0]), settings)
