"""What a command may not change, whoever sends it: what is marked so in the schema, and where the password goes."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from visaged.config import MqttSettings, Settings
from visaged.config.authority import authorities
from visaged.config.credential import MQTT_PASSWORD, secret_path
from visaged.control.protocol.refusal import Refusal

_AUTHORITIES: Final = authorities(Settings)
# To whom the password is told, and whether others can read along.
_BROKER: Final = ("mqtt.host", "mqtt.port", "mqtt.tls")


def check_authority(changed: Collection[str], mqtt: MqttSettings) -> None:
    """Raises Refusal when ``config.set`` may not change one of these keys; ``mqtt``: as it is before the change."""
    for key in changed:
        if not _AUTHORITIES[key].remote:
            words = f"{key} cannot be changed by a command; set it in the file on the box"
            raise Refusal("refused", f"{words}, then: systemctl reload visaged", f"settings.{key}")
        # With an authority of one's own, another broker has to prove who it is before it hears the password.
        if key in _BROKER and secret_path(mqtt.password_file, MQTT_PASSWORD) is not None and not mqtt.ca_file:
            words = f"{key} cannot be changed by a command: it would give the broker's password away"
            remedy = f"change it in the file on the box, or have mqtt.ca_file set there, and then change {key}"
            raise Refusal("refused", f"{words}; {remedy}", f"settings.{key}")
