"""Where the local control socket lies: for the daemon that binds it and for the commands that look for it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_NAME: Final = "control.sock"
_SYSTEM: Final = Path("/run/visaged") / _NAME


def bind_path() -> Path:
    """Where this daemon puts its socket: systemd's runtime directory, else /run as root, else the user's own."""
    runtime = os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    if runtime:
        return Path(runtime) / _NAME
    return _SYSTEM if os.geteuid() == 0 else _user_path()


def search_paths() -> tuple[Path, ...]:
    """Where a daemon on this machine may have put its socket, the likeliest first."""
    candidates = (bind_path(), _SYSTEM, _user_path())
    return tuple(dict.fromkeys(candidates))


def _user_path() -> Path:
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    folder = Path(runtime) / "visaged" if runtime else Path(f"/tmp/visaged-{os.geteuid()}")
    return folder / _NAME
