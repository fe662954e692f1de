"""What ``zipfile`` raises on rubbish: its own error, and what a flipped byte makes of its fields."""

from __future__ import annotations

import struct
import zipfile
import zlib
from typing import Final

# RuntimeError covers NotImplementedError: a version or a method that this Python does not know.
ZIP_ERRORS: Final = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OverflowError,
    RuntimeError,
    ValueError,
    struct.error,
)
