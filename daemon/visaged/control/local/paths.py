"""Where the local control socket lies: for the daemon that binds it and for the commands that look for it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from visaged.instance import runtime_folder, system_runtime_folder, user_runtime_folder

_NAME: Final = "control.sock"


def bind_path() -> Path:
    """Where this daemon puts its socket."""
    return runtime_folder() / _NAME


def search_paths() -> tuple[Path, ...]:
    """Where a daemon on this machine may have put its socket, the likeliest first."""
    folders = (runtime_folder(), system_runtime_folder(), user_runtime_folder())
    return tuple(folder / _NAME for folder in dict.fromkeys(folders))
