"""How the sender's process is scheduled: SCHED_FIFO where permitted, else with the finest timers; and its name."""

from __future__ import annotations

import ctypes
import errno
import os
from typing import Final

# linux/prctl.h
_PR_SET_NAME: Final = 15
_PR_SET_TIMERSLACK: Final = 29
_prctl = ctypes.CDLL(None).prctl
_prctl.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong)

FIFO: Final = 1
"""What ``go_realtime`` returns when it got SCHED_FIFO."""


def go_realtime(priority: int) -> int:
    """Ask for SCHED_FIFO at ``priority`` (0: do not ask) for the calling thread.

    Returns FIFO, or -errno of being refused (-ECANCELED when not asked). Then the kernel may at least not add its
    usual 50 us to every sleep.
    """
    refused = -errno.ECANCELED
    if priority > 0:
        try:
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(priority))
        except OSError as error:
            refused = -(error.errno or errno.EPERM)
        else:
            return FIFO
    _prctl(_PR_SET_TIMERSLACK, 1, 0, 0, 0)
    return refused


def name_process() -> None:
    """Let ``top`` and ``ps`` show what this process is (at most 15 characters)."""
    _prctl(_PR_SET_NAME, b"visaged-sender", 0, 0, 0)
