"""A process keeps its memory where it may, and says so where it may not."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import visaged

_ASK = """
import os, resource, sys
sys.path.append(sys.argv[1])
from visaged.realtime import keep_in_memory
if sys.argv[2] == "limited":
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (65536, 65536))
    os.setuid(65534)
print(keep_in_memory(), open("/proc/self/status").read())
"""


def _asked(mode: str) -> tuple[bool, int]:
    """What a process of its own was told, and how many KiB it has locked."""
    source = str(Path(visaged.__file__).parents[1])
    command = [sys.executable, "-I", "-S", "-c", _ASK, source, mode]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    locked = re.search(r"VmLck:\s+(\d+) kB", said)
    assert locked
    return said.startswith("True"), int(locked[1])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has no limit")
def test_all_of_a_process_is_kept_in_memory() -> None:
    granted, locked_kib = _asked("unlimited")
    assert granted and locked_kib > 5000


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_one_that_may_not_goes_on_without() -> None:
    assert _asked("limited") == (False, 0)
