"""What the processor does with int8 products.

x86 without VNNI adds two products of a uint8 and an int8 in 16 bits, and clips the sum. Graphs whose weights are small
enough, or uint8, never get there (models/int8_weights.py); others are wrong on such a processor.
"""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Final

_CPUINFO: Final = Path("/proc/cpuinfo")
_X86: Final = ("x86_64", "amd64", "i686")
_VNNI: Final = frozenset({"avx512_vnni", "avx_vnni"})


def clips_int8(cpuinfo: Path = _CPUINFO, machine: str = "") -> bool:
    """Whether sums of int8 products may clip here. ``machine``: the architecture, else the one at hand.

    Where the flags cannot be read, they may.
    """
    if (machine or platform.machine()).lower() not in _X86:
        return False
    try:
        text = cpuinfo.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return True
    flags = next((line.partition(":")[2] for line in text.splitlines() if line.startswith("flags")), "")
    return not _VNNI.intersection(flags.split())
