"""CPU share, resident memory and threads of the daemon's processes, from /proc."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from visaged.clock import NS_PER_S, now_ns
from visaged.control.protocol.health_model import ProcessHealth

_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")
_MIB: Final = 1 << 20
# Fields of /proc/PID/stat after the name, which may hold spaces and brackets (proc_pid_stat(5), counted from 3).
_UTIME, _STIME, _THREADS, _RSS = (field - 3 for field in (14, 15, 20, 24))
# CPU time is counted in ticks of 10 ms: a share over less than a second is noise.
_SHORTEST_NS: Final = NS_PER_S


def own_pid() -> tuple[int, ...]:
    """The daemon when it is one process."""
    return (os.getpid(),)


class ProcessFigures:
    """Reads /proc; the CPU share is that since the reading before, at least a second ago. One thread at a time."""

    def __init__(self, pids: Callable[[], Iterable[int]] = own_pid, proc: Path = Path("/proc")) -> None:
        """``pids``: the processes to add up (the daemon and its sender)."""
        self._pids = pids
        self._proc = proc
        self._ticks, _, _ = self._add_up()
        self._time_ns = now_ns()
        self._cpu_percent: float | None = None

    def read(self) -> ProcessHealth:
        """The figures now."""
        ticks, rss_bytes, threads = self._add_up()
        elapsed_ns = now_ns() - self._time_ns
        if elapsed_ns >= _SHORTEST_NS:
            # Less than before: a process of ours was replaced, and what it used went with it.
            used = max(ticks - self._ticks, 0)
            self._cpu_percent = round(100 * used / _TICKS_PER_S / (elapsed_ns / NS_PER_S), 1)
            self._ticks, self._time_ns = ticks, now_ns()
        return ProcessHealth(cpu_percent=self._cpu_percent, rss_mib=round(rss_bytes / _MIB, 1), threads=threads)

    def _add_up(self) -> tuple[int, int, int]:
        ticks = rss_bytes = threads = 0
        for pid in self._pids():
            try:
                text = (self._proc / str(pid) / "stat").read_text(encoding="ascii", errors="replace")
            except OSError:
                continue  # it has just ended
            fields = text.rpartition(")")[2].split()
            ticks += int(fields[_UTIME]) + int(fields[_STIME])
            threads += int(fields[_THREADS])
            rss_bytes += int(fields[_RSS]) * _PAGE_BYTES
        return ticks, rss_bytes, threads
