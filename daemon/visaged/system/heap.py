"""The C library's heap. glibc keeps what was freed for a next time; after a model of 300 MB that is most of the box."""

from __future__ import annotations

import ctypes


def give_back() -> None:
    """Let the machine have what was freed; some milliseconds, other threads go on. Nothing without glibc."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
