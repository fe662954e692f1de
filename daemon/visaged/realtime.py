"""How a thread is scheduled: SCHED_FIFO where that is permitted, else with the finest timers."""

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
    """Ask for SCHED_FIFO at ``priority`` (1-99; 0: do not ask) for the calling thread.

    Needs root, CAP_SYS_NICE or an RTPRIO limit. Returns FIFO, or -errno of being refused (-ECANCELED when not asked);
    then the kernel may at least not add its usual 50 us to every sleep. Programs that are started by the thread do not
    inherit it: a helper must not outrank the face.
    """
    refused = -errno.ECANCELED
    if priority > 0:
        try:
            os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(priority))
        except OSError as error:
            refused = -(error.errno or errno.EPERM)
        else:
            return FIFO
    _prctl(_PR_SET_TIMERSLACK, 1, 0, 0, 0)
    return refused


def name_process(name: bytes) -> None:
    """Let ``top`` and ``ps`` show what this process is (at most 15 characters)."""
    _prctl(_PR_SET_NAME, name, 0, 0, 0)
