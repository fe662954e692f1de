"""Realtime scheduling of the calling thread, where the system permits it."""

from __future__ import annotations

import os


def enter(priority: int) -> bool:
    """Give the calling thread SCHED_FIFO at ``priority`` (1-99; 0: leave it); returns whether it has it now.

    Needs root, CAP_SYS_NICE or an RTPRIO limit. Children do not inherit it: a helper program must not outrank the face.
    """
    if priority == 0:
        return False
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(priority))
    except PermissionError:
        return False
    return True
