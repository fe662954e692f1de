"""Exit codes of every command (sysexits.h where it has one)."""

from typing import Final

DONE: Final = 0
FAILED: Final = 1
USAGE: Final = 2
UNAVAILABLE: Final = 69
"""A needed service or device is missing."""
INTERRUPTED: Final = 130
