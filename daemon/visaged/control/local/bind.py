"""Make the control socket's file: right mode from the first moment, a dead daemon's replaced, a living one's not."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path
from typing import Final

# Linux's sun_path is 108 bytes with the terminating zero.
_MAX_PATH_BYTES: Final = 107


class ControlSocketError(Exception):
    """The control socket cannot be made; the message says why and what to do."""


def bind_unix(path: Path, backlog: int) -> socket.socket:
    """A listening socket at ``path``, its folder made, a dead daemon's socket replaced. Raises ControlSocketError."""
    if len(os.fsencode(path)) > _MAX_PATH_BYTES:
        raise ControlSocketError(
            f"{path} is longer than {_MAX_PATH_BYTES} bytes; set RUNTIME_DIRECTORY to a short path"
        )
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        _remove_stale(path)
        # The mode must be right from the first moment on; chmod after bind would leave a gap.
        before = os.umask(0o117)
        try:
            listener.bind(os.fspath(path))
        finally:
            os.umask(before)
        listener.listen(backlog)
    except OSError as error:
        listener.close()
        raise ControlSocketError(
            f"the control socket {path} cannot be made: {error.strerror}; make its folder writable for this user"
        ) from None
    except ControlSocketError:
        listener.close()
        raise
    return listener


def _remove_stale(path: Path) -> None:
    """Remove the socket of a daemon that died. Raises ControlSocketError when one answers there, or it is a file."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise ControlSocketError(f"{path} exists and is not a socket; move it away")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(os.fspath(path))
        except (ConnectionRefusedError, FileNotFoundError):
            path.unlink(missing_ok=True)
            return
    raise ControlSocketError(f"another visaged serves {path}; stop it first, or set RUNTIME_DIRECTORY for this one")
