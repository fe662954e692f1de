"""Several faces on one box: each instance has a name, and from it its own file, folders, socket, id and ports.

``visaged --instance NAME …`` and the unit ``visaged@NAME.service`` say it, by the environment variable
``VISAGED_INSTANCE``. Without a name it is the box's one face, and everything is where it always was.
"""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Final

VARIABLE: Final = "VISAGED_INSTANCE"
ACCEPTED: Final = "1 to 32 letters, digits, '_' and '-', no sign first"
FOLDER: Final = Path("/etc/visaged/instances")
"""Where the settings files of instances are: ``NAME.toml``."""

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")
_SETTINGS: Final = Path("/etc/visaged/visaged.toml")

FIRST_WEB_PORT: Final = 8880
_WEB_PORTS: Final = 99
"""Instances share the ports from 8881 on; two names may get the same one, which is said."""


_looked_at: ContextVar[str | None] = ContextVar("_looked_at", default=None)


class InstanceError(ValueError):
    """A name that no instance can have; says what is accepted."""


def check_name(name: str) -> str:
    """``name`` if an instance can be called so: it becomes part of paths, topics and units. Raises InstanceError."""
    if not _NAME.fullmatch(name):
        raise InstanceError(f"--instance {name[:64]!r}: expected {ACCEPTED}")
    return name


def instance_name() -> str:
    """Of this process; "" for the box's one face. Raises InstanceError."""
    looked_at = _looked_at.get()
    name = os.environ.get(VARIABLE, "") if looked_at is None else looked_at
    return check_name(name) if name else ""


@contextmanager
def looking_at(name: str) -> Iterator[None]:
    """Within, paths and defaults are those of the instance ``name``: for who compares this one with another."""
    token = _looked_at.set(name)
    try:
        yield
    finally:
        _looked_at.reset(token)


def suffixed(word: str) -> str:
    """``visaged-NAME``; ``word`` alone where there is no name."""
    name = instance_name()
    return f"{word}-{name}" if name else word


def unit_name() -> str:
    """Its systemd service."""
    name = instance_name()
    return f"visaged@{name}.service" if name else "visaged.service"


def runtime_folder() -> Path:
    """Where this daemon's socket and FIFO are: systemd's runtime directory, else /run as root, else the user's own."""
    runtime = os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    if runtime:
        return Path(runtime)
    return system_runtime_folder() if os.geteuid() == 0 else user_runtime_folder()


def system_runtime_folder() -> Path:
    """That of the service, and of root."""
    return Path("/run") / suffixed("visaged")


def user_runtime_folder() -> Path:
    """That of a daemon which a person started."""
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    return Path(runtime) / suffixed("visaged") if runtime else Path("/tmp") / suffixed(f"visaged-{os.geteuid()}")


def network_voice() -> Path:
    """The FIFO by which sound comes in over the HTTP API (audio.input.backend = "network")."""
    return runtime_folder() / "voice.fifo"


def default_settings_path() -> Path:
    """Where the settings file is unless another is named."""
    name = instance_name()
    return FOLDER / f"{name}.toml" if name else _SETTINGS


def main_settings_path() -> Path:
    """That of the box's first face."""
    return _SETTINGS


def default_web_port() -> int:
    """Of the page: the same for a name on every box."""
    name = instance_name()
    return FIRST_WEB_PORT + (1 + zlib.crc32(name.encode()) % _WEB_PORTS if name else 0)


def default_subject() -> str:
    """What Live Link calls the face."""
    return instance_name() or "visaged"
