"""Why the broker cannot be used, in words an installer can act on: one problem code, message and remedy per cause."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from typing import Final

from visaged.config import MqttSettings
from visaged.printable import printable

CODES: Final = ("mqtt_unreachable", "mqtt_tls", "mqtt_refused", "mqtt_credentials", "mqtt_id_taken", "mqtt_not_allowed")
"""Every problem code of the connection."""


SESSION_TAKEN_OVER: Final = 0x8E
"""MQTT 5 reason code: another client connected with our client id."""


class MqttError(Exception):
    """The broker cannot be used now."""

    def __init__(self, code: str, message: str, remedy: str, pause_s: float = 0.0) -> None:
        """``pause_s``: stay away for about this long; the broker said that it has too much to do."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.remedy = remedy
        self.pause_s = pause_s


@dataclass(frozen=True)
class _Cause:
    code: str
    remedy: str


_CREDENTIALS: Final = _Cause(
    "mqtt_credentials",
    "set mqtt.username and mqtt.password_file to what the broker knows, and let that user in at the broker",
)
_REFUSALS: Final = {
    0x84: _Cause("mqtt_refused", 'the broker does not speak this version; set mqtt.protocol = "3.1.1"'),
    0x85: _Cause("mqtt_refused", "the broker does not accept the client id; check its rules for client ids"),
    0x86: _CREDENTIALS,
    # mosquitto says "not authorized" to a wrong password, too.
    0x87: _CREDENTIALS,
    0x88: _Cause("mqtt_refused", "the broker is not available; look at its log"),
    0x89: _Cause("mqtt_refused", "the broker is busy; look at its connection limit"),
    0x8A: _Cause("mqtt_refused", "the broker has banned this box; look at its ban list"),
    0x8C: _Cause("mqtt_credentials", "the broker wants another way to authenticate than a password"),
    0x97: _Cause("mqtt_refused", "a quota of the broker is used up; look at its limits"),
    0x9F: _Cause("mqtt_refused", "the broker limits new connections; it is tried again"),
}
# Server busy, quota exceeded, connection rate exceeded: a whole fleet that asks again every few seconds keeps it so.
_BUSY: Final = (0x89, 0x97, 0x9F)
_BUSY_PAUSE_S: Final = 30.0
_OTHER_REFUSAL: Final = _Cause("mqtt_refused", "look at the broker's log for this client id")


def explain_refusal(reason: int, name: str, settings: MqttSettings) -> MqttError:
    """A CONNACK with an error: the network is fine, the broker will not have us. ``reason``: MQTT 5 code."""
    cause = _REFUSALS.get(reason, _OTHER_REFUSAL)
    pause_s = _BUSY_PAUSE_S if reason in _BUSY else 0.0
    return MqttError(cause.code, f"the broker {_place(settings)} refuses the connection: {name}", cause.remedy, pause_s)


def explain_failure(error: OSError | ValueError, settings: MqttSettings) -> MqttError:
    """No connection came about. ``error``: what connect raised (a ValueError: the host name cannot be one)."""
    place = _place(settings)
    if isinstance(error, ssl.SSLCertVerificationError):
        return MqttError(
            "mqtt_tls",
            f"the certificate of {place} is not trusted: {getattr(error, 'verify_message', error)}",
            "set mqtt.ca_file to the authority that signed it, mqtt.host to a name it holds, and check the clock",
        )
    if isinstance(error, ssl.SSLError):
        return MqttError(
            "mqtt_tls",
            f"no TLS connection to {place}: {getattr(error, 'reason', None) or error}",
            "check that mqtt.port is the TLS port (8883), and mqtt.cert_file and key_file if the broker asks for them",
        )
    if isinstance(error, socket.gaierror):
        remedy = "check mqtt.host and the name server of this box"
        return MqttError("mqtt_unreachable", f"the name of {place} cannot be resolved: {error.strerror}", remedy)
    if isinstance(error, ConnectionRefusedError):
        remedy = "check that the broker runs, mqtt.port, and that it listens to other machines"
        return MqttError("mqtt_unreachable", f"nothing listens at {place}", remedy)
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
    return MqttError("mqtt_unreachable", f"{place} cannot be reached: {reason}", "check the network and mqtt.host")


def explain_loss(reason: int, name: str, settings: MqttSettings) -> MqttError:
    """A connection that stood is gone. ``reason``: MQTT 5 code of the broker's DISCONNECT, 0 when there was none."""
    if reason == SESSION_TAKEN_OVER:
        return MqttError(
            "mqtt_id_taken",
            f"another client took the place of this box at {_place(settings)}",
            "give every box its own device.id (two that are clones share /etc/machine-id)",
        )
    return MqttError("mqtt_unreachable", f"the connection to {_place(settings)} is lost: {name}", "it is tried again")


def explain_foreign_status(topic: str) -> MqttError:
    """The connection stands, and somebody else says on our ``topic`` that this box is alive."""
    return MqttError(
        "mqtt_id_taken",
        f"somebody else writes {topic}: another box has the same id, or somebody forges it",
        "give every box its own device.id (clones share /etc/machine-id); let nobody else write there (docs/mqtt.md)",
    )


def _place(settings: MqttSettings) -> str:
    return printable(f"{settings.host}:{settings.port}")
