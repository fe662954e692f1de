"""Make one paho client for one connection: protocol, will, TLS, password, limits."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Final

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties

from visaged.config import MqttSettings
from visaged.config.credential import MQTT_PASSWORD, secret_path
from visaged.control.mqtt.errors import MqttError
from visaged.files import read_bounded

# A TCP and TLS handshake over a bad mobile link; longer is no connection.
CONNECT_TIMEOUT_S: Final = 4.0
_MAX_PASSWORD_BYTES: Final = 4096
# The authorities of a whole operating system take a quarter of this.
_MAX_PEM_BYTES: Final = 1 << 20


def make_client(
    settings: MqttSettings, client_id: str, will: tuple[str, bytes] | None = None, *, reconnect: bool = False
) -> paho.Client:
    """A client that is not connected yet. ``will``: topic and payload; ``reconnect``: paho may connect it again.

    Raises MqttError when a file it needs cannot be used.
    """
    modern = settings.protocol == "5"
    client = paho.Client(
        CallbackAPIVersion.VERSION2,
        client_id,
        # 3.1.1 knows no expiry: a kept session would deliver commands that are days old.
        clean_session=None if modern else True,
        protocol=MQTTProtocolVersion.MQTTv5 if modern else MQTTProtocolVersion.MQTTv311,
        reconnect_on_failure=reconnect,
    )
    client.connect_timeout = CONNECT_TIMEOUT_S
    if will is not None:
        client.will_set(*will, qos=1, retain=True)
    if settings.username:
        client.username_pw_set(settings.username, read_password(settings))
    if settings.tls or settings.ca_file:
        client.tls_set_context(tls_context(settings))
    return client


def make_properties(packet_type: int) -> Properties:
    """Empty MQTT 5 properties of a packet type (paho leaves the constructor untyped)."""
    return Properties(packet_type)  # type: ignore[no-untyped-call]


def read_password(settings: MqttSettings) -> str | None:
    """The password from ``password_file`` or systemd's credential, read anew each time; None when there is none."""
    path = secret_path(settings.password_file, MQTT_PASSWORD)
    if path is None:
        return None
    remedy = f"make {path} a file with the password alone, readable for the user of visaged"
    try:
        content = read_bounded(path, _MAX_PASSWORD_BYTES)
        password = content.decode().rstrip("\r\n")
    except OSError as error:
        raise MqttError("mqtt_credentials", f"mqtt.password_file {path}: {error.strerror}", remedy) from None
    except ValueError:
        raise MqttError("mqtt_credentials", f"mqtt.password_file {path} is not text", remedy) from None
    if not password or len(content) > _MAX_PASSWORD_BYTES:
        raise MqttError("mqtt_credentials", f"mqtt.password_file {path} is empty or far too long", remedy)
    return password


def tls_context(settings: MqttSettings) -> ssl.SSLContext:
    """TLS 1.2 or newer with the authority and the certificate that are set. Raises MqttError."""
    key = "ca_file"
    try:
        # OpenSSL would wait for a pipe, and read a device for ever.
        for key in ("ca_file", "cert_file", "key_file"):
            if name := getattr(settings, key):
                read_bounded(Path(name), _MAX_PEM_BYTES)
        key = "ca_file"
        context = ssl.create_default_context(cafile=settings.ca_file or None)
        if settings.cert_file:
            key = "cert_file / key_file"
            context.load_cert_chain(settings.cert_file, settings.key_file)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise MqttError(
            "mqtt_tls", f"mqtt.{key} cannot be used: {reason}", "give PEM files that the user of visaged can read"
        ) from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
