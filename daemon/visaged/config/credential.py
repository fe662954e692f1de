"""Where a secret is: a file of the settings, or a credential that systemd hands to the service."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

MQTT_PASSWORD: Final = "mqtt_password"
CODEC_KEY: Final = "codec_key"
BRAIN_KEY: Final = "brain_key"
WEB_PASSWORD: Final = "web_password"


def secret_path(file: str, credential: str) -> Path | None:
    """``file`` where it is set, else systemd's ``credential``; None when there is neither."""
    if file:
        return Path(file)
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    path = Path(folder) / credential if folder else None
    return path if path is not None and path.exists() else None
