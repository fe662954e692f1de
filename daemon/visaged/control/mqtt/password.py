"""Where the broker's password is. Without imports of paho or TLS."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from visaged.config import MqttSettings

_CREDENTIAL: Final = "mqtt_password"


def password_path(settings: MqttSettings) -> Path | None:
    """``password_file``, else systemd's credential ``mqtt_password``; None when there is neither."""
    if settings.password_file:
        return Path(settings.password_file)
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    credential = Path(folder) / _CREDENTIAL if folder else None
    return credential if credential is not None and credential.exists() else None
