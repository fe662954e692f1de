"""The heap gives back what was freed."""

from __future__ import annotations

import subprocess
import sys

# Blocks below the size that glibc maps one by one; the last one, kept, is on top and holds the others' pages.
_PROGRAM = """
import ctypes
from visaged.system.heap import give_back

def rss():
    return int(open("/proc/self/statm").read().split()[1]) * 4096 / 2**20

libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
blocks = [libc.malloc(100_000) for _ in range(1000)]
for block in blocks:
    ctypes.memset(block, 1, 100_000)
for block in blocks[:-1]:
    libc.free(block)
before = rss()
give_back()
print(before - rss())
"""


def test_what_was_freed_goes_back() -> None:
    done = subprocess.run((sys.executable, "-c", _PROGRAM), capture_output=True, text=True, check=True)
    assert float(done.stdout) > 80
