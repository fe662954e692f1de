"""What the slots ask the daemon: has the face moved, has a guest stopped talking. Over the local control socket."""

from __future__ import annotations

import base64
import time
from typing import Final

import numpy as np

from visaged.control.local.client import CommandFailed, ControlClient, NoDaemon

# Idle life alone moves a curve by more than this within a second; a face that stands still has the same values.
_MOVED: Final = 1e-3
_MIN_FRAMES: Final = 20


def has_moved() -> bool:
    """Whether the packets of the last second show a face that moves. False, too, while there is no daemon."""
    try:
        with ControlClient() as client:
            answer = client.call("snapshot", seconds=1.0)
    except (NoDaemon, CommandFailed):
        return False
    sent = np.frombuffer(base64.b64decode(answer["curves_base64"]), "<f2")
    curves = sent.reshape(answer["frames"], len(answer["names"]))
    return len(curves) >= _MIN_FRAMES and bool(np.ptp(curves.astype(np.float32), axis=0).max() > _MOVED)


def wait_until_it_moves(timeout_s: float) -> bool:
    """Ask once a second, for ``timeout_s``."""
    end = time.monotonic() + timeout_s
    while not has_moved():
        if time.monotonic() > end:
            return False
        time.sleep(1)
    return True


def silent_s() -> float | None:
    """For how long nobody has spoken; None when there is no daemon or no microphone to tell."""
    try:
        with ControlClient() as client:
            silent: float | None = client.call("health.get")["audio"]["silent_s"]
    except (NoDaemon, CommandFailed):
        return None
    return silent
