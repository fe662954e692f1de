"""How much memory this process may still take: what the box has left, or its control group, or its own limit."""

from __future__ import annotations

import resource
from pathlib import Path

_MEMINFO = "proc/meminfo"
_STATM = "proc/self/statm"
_CGROUP = "proc/self/cgroup"
_CGROUPS = "sys/fs/cgroup"


def available_bytes(root: Path = Path("/")) -> int | None:
    """Bytes that can be taken without swapping; None where the system does not say. ``root``: for tests."""
    known = [size for size in (_of_box(root), _of_process(root), *_of_groups(root)) if size is not None]
    return min(known, default=None)


def _of_box(root: Path) -> int | None:
    """``MemAvailable:   123456 kB``."""
    for line in _text(root / _MEMINFO).splitlines():
        name, _, value = line.partition(":")
        if name == "MemAvailable" and value.split()[:1] and value.split()[0].isdigit():
            return int(value.split()[0]) * 1024
    return None


def _of_process(root: Path) -> int | None:
    """What the limit of our own addresses (``ulimit -v``) leaves."""
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    pages = _text(root / _STATM).split()[:1]
    if limit == resource.RLIM_INFINITY or not pages or not pages[0].isdigit():
        return None
    return max(limit - int(pages[0]) * resource.getpagesize(), 0)


def _of_groups(root: Path) -> list[int]:
    """What each control group (version 2) from ours upwards has left of its limit (systemd's MemoryMax=)."""
    group = next((line[3:] for line in _text(root / _CGROUP).splitlines() if line.startswith("0::/")), None)
    if group is None:
        return []
    top = root / _CGROUPS
    folder = top / group.strip("/")
    left = []
    for level in (folder, *folder.parents):
        limit, used = _text(level / "memory.max").strip(), _text(level / "memory.current").strip()
        if limit.isdigit() and used.isdigit():
            left.append(max(int(limit) - int(used), 0))
        if level == top:
            break
    return left


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
