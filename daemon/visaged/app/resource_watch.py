"""What the kernel no longer gives the process is a problem before something fails for want of it."""

from __future__ import annotations

import errno
import mmap
import os
from typing import Final

from visaged.clock import NS_PER_S
from visaged.problems import Problems

_EVERY_NS: Final = NS_PER_S
# A thread's stack and the buffers of a command fit; pages that nobody touches cost nothing.
_SPARE_BYTES: Final = 16 << 20
_NONE_LEFT: Final = (errno.EMFILE, errno.ENFILE)


class ResourceWatch:
    """Looks once a second, which costs some 20 us. ``update`` as often as you like, from one thread."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._due_ns = 0

    def update(self, time_ns: int) -> None:
        """Look, if it is time (CLOCK_MONOTONIC ``time_ns``)."""
        if time_ns < self._due_ns:
            return
        self._due_ns = time_ns + _EVERY_NS
        if _has_descriptor():
            self._problems.clear("process_descriptors")
        else:
            self._problems.open(
                "process_descriptors",
                "no file descriptor is left: new connections, files and processes wait",
                "Close what holds so many connections to this box; raise LimitNOFILE= (systemctl edit visaged)",
            )
        if _has_memory():
            self._problems.clear("process_memory")
        else:
            self._problems.open(
                "process_memory",
                f"the kernel does not give the process {_SPARE_BYTES >> 20} MiB more: commands that take memory fail",
                "Lower capsules.cache_mib or take a smaller model; raise the limit (ulimit -v, LimitAS=)",
            )


def _has_descriptor() -> bool:
    try:
        os.close(os.open("/dev/null", os.O_RDONLY | os.O_CLOEXEC))
    except OSError as error:
        return error.errno not in _NONE_LEFT
    return True


def _has_memory() -> bool:
    try:
        mmap.mmap(-1, _SPARE_BYTES).close()
    except (OSError, MemoryError):
        return False
    return True
