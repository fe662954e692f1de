from __future__ import annotations

import ssl

import pytest

from visaged.config import MqttSettings
from visaged.control.mqtt.errors import CODES, SESSION_TAKEN_OVER, explain_failure, explain_loss, explain_refusal

SETTINGS = MqttSettings(host="broker.example", port=8883)


@pytest.mark.parametrize("reason", range(0x80, 0xA3))
def test_every_refusal_has_a_code_a_place_and_a_remedy(reason: int) -> None:
    error = explain_refusal(reason, "some reason", SETTINGS)
    assert error.code in CODES
    assert "broker.example:8883" in error.message
    assert error.remedy


@pytest.mark.parametrize(("reason", "waits"), [(0x89, True), (0x97, True), (0x9F, True), (0x86, False), (0x88, False)])
def test_a_broker_that_is_overrun_is_left_alone_for_a_while(reason: int, waits: bool) -> None:
    assert (explain_refusal(reason, "r", SETTINGS).pause_s > 0) is waits


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConnectionRefusedError(111, "Connection refused"), "mqtt_unreachable"),
        (TimeoutError("timed out"), "mqtt_unreachable"),
        (OSError(101, "Network is unreachable"), "mqtt_unreachable"),
        (UnicodeError("label too long"), "mqtt_unreachable"),
        (ssl.SSLError(1, "wrong version number"), "mqtt_tls"),
        (ssl.SSLCertVerificationError("self-signed"), "mqtt_tls"),
    ],
)
def test_every_failure_to_connect(error: OSError | ValueError, code: str) -> None:
    assert explain_failure(error, SETTINGS).code == code


def test_a_loss_and_a_twin() -> None:
    assert explain_loss(0, "gone", SETTINGS).code == "mqtt_unreachable"
    assert "device.id" in explain_loss(SESSION_TAKEN_OVER, "taken over", SETTINGS).remedy
