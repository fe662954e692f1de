"""Where the local control socket lies: for the daemon that binds it and for the commands that look for it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from visaged.instance import suffixed

_NAME: Final = "control.sock"


def bind_path() -> Path:
    """Where this daemon puts its socket: systemd's runtime directory, else /run as root, else the user's own."""
    runtime = os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    if runtime:
        return Path(runtime) / _NAME
    return _system_path() if os.geteuid() == 0 else _user_path()


def search_paths() -> tuple[Path, ...]:
    """Where a daemon on this machine may have put its socket, the likeliest first."""
    candidates = (bind_path(), _system_path(), _user_path())
    return tuple(dict.fromkeys(candidates))


def _system_path() -> Path:
    return Path("/run") / suffixed("visaged") / _NAME


def _user_path() -> Path:
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    folder = Path(runtime) / suffixed("visaged") if runtime else Path("/tmp") / suffixed(f"visaged-{os.geteuid()}")
    return folder / _NAME
