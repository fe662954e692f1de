"""What is left, from files as the kernel writes them."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from visaged.system.memory import available_bytes

KIB = 1024


def put(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_what_the_box_has(tmp_path: Path) -> None:
    put(tmp_path, "proc/meminfo", "MemTotal:  8000 kB\nMemFree:  10 kB\nMemAvailable:   4000 kB\n")
    assert available_bytes(tmp_path) == 4000 * KIB


def test_a_limit_of_the_group_or_of_one_above_it_counts(tmp_path: Path) -> None:
    put(tmp_path, "proc/meminfo", "MemAvailable:   4000 kB\n")
    put(tmp_path, "proc/self/cgroup", "0::/system.slice/visaged.service\n")
    put(tmp_path, "sys/fs/cgroup/system.slice/visaged.service/memory.max", "max\n")
    put(tmp_path, "sys/fs/cgroup/system.slice/visaged.service/memory.current", "700\n")
    assert available_bytes(tmp_path) == 4000 * KIB
    put(tmp_path, "sys/fs/cgroup/system.slice/memory.max", "3000\n")
    put(tmp_path, "sys/fs/cgroup/system.slice/memory.current", "1000\n")
    assert available_bytes(tmp_path) == 2000
    put(tmp_path, "sys/fs/cgroup/system.slice/visaged.service/memory.max", "600\n")
    assert available_bytes(tmp_path) == 0


def test_a_system_that_does_not_say(tmp_path: Path) -> None:
    assert available_bytes(tmp_path) is None
    put(tmp_path, "proc/meminfo", "MemAvailable: a lot\nMemAvailable:\n")
    assert available_bytes(tmp_path) is None


def test_a_limit_of_the_process_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "proc/meminfo", "MemAvailable:   4000 kB\n")
    put(tmp_path, "proc/self/statm", "100 50 20 1 0 60 0\n")
    monkeypatch.setattr(resource, "getrlimit", lambda what: (110 * resource.getpagesize(), -1))
    assert available_bytes(tmp_path) == 10 * resource.getpagesize()


def test_this_machine_says() -> None:
    available = available_bytes()
    assert available is None or available > 0
