"""How threads and processes are scheduled: SCHED_FIFO where that is permitted, else with the finest timers."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import signal
import sys
from typing import Final

# linux/prctl.h
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_NAME: Final = 15
_PR_SET_TIMERSLACK: Final = 29
# linux/mman.h
_MCL_CURRENT: Final = 1
_libc = ctypes.CDLL(None)
_prctl = _libc.prctl
_prctl.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong)

# How long a thread may keep the interpreter lock from one that waits for it. With Python's 5 ms, drawing the live view
# made poses late: voice to packet p95 was 85.0 ms and 80 poses in 14 s missed their tick; so it is 68.6 ms and 6.
_SWITCH_INTERVAL_S: Final = 0.0005
_NICENESS: Final = 5

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


def keep_in_memory() -> bool:
    """Read all of this process into memory, now, and have the kernel keep it there: a page from disk costs ticks.

    What is mapped later is not kept. Needs an RLIMIT_MEMLOCK as large as the process (VmSize), root or CAP_IPC_LOCK;
    returns whether it was granted.
    """
    kept: int = _libc.mlockall(_MCL_CURRENT)
    return kept == 0


def name_process(name: bytes) -> None:
    """Let ``top`` and ``ps`` show what this process is (at most 15 characters)."""
    _prctl(_PR_SET_NAME, name, 0, 0, 0)


def lead_threads(priority: int) -> None:
    """For the main thread of the daemon: ``go_realtime``, and pass the interpreter lock on quickly.

    Whoever holds the lock holds up the face. So each thread that takes it many times a minute must get to run, however
    busy the box is: this one looked after the stages ten times a second at normal priority, and now and then lost its
    core with the lock in hand, for up to 30 ms (docs/neurosync.md).
    """
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    go_realtime(priority)


def go_background() -> None:
    """Stand back behind the rest of the daemon: for the calling thread and those that it starts, a third of the weight.

    Not SCHED_IDLE: beside anything else that is busy, windows then took up to 4 s, and the kernel weighs all of a
    session or service by what runs in it, so that the daemon's own threads came late, too. Refused in a sandbox, it
    goes on as it is.
    """
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, os.getpriority(os.PRIO_PROCESS, 0) + _NICENESS)


def die_with(parent: int) -> None:
    """Be killed by the kernel when the thread of process ``parent`` that started this process ends."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        # It was quicker.
        os._exit(1)
