"""What the sections of the settings share."""

from __future__ import annotations

import re

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """One table of the file: unknown keys are errors, and nothing changes once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


_TARGET = re.compile(r"^(\[[0-9A-Fa-f:.]+(%[\w.-]+)?\]|[^\s:\[\]]{1,253}):(\d{1,5})$")


def check_target(target: str) -> str:
    """Return ``target`` when it reads HOST:PORT or [IPv6]:PORT; raises ValueError."""
    match = _TARGET.match(target)
    if match is None or not 1 <= int(match[3]) <= 65535:
        raise ValueError("expected HOST:PORT, such as 192.168.1.20:11111 or [fe80::1%eth0]:11111")
    return target
