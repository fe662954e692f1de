"""Which tests may be skipped where everything is installed, and why: matched by the reason that they give.

CI, and ``pytest --strict-skips``, fail at any other (tests/skips.py): a skip that nobody notices protects nothing.
"""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final


def _not_root() -> bool:
    return os.geteuid() != 0


def _not_debian() -> bool:
    return "\nID=debian\n" not in Path("/etc/os-release").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Expected:
    """One reason, as a regular expression over the start of what pytest prints, and where it is in order."""

    reason: str
    because: str
    here: Callable[[], bool] = lambda: True

    def matches(self, reason: str) -> bool:
        """Whether a test that gives this reason may be skipped on this machine."""
        return re.match(self.reason, reason) is not None and self.here()


EXPECTED_SKIPS: Final = (
    Expected(r"torch \S+ sees no cuda", "no GPU here; make test-gpu is for machines that have one"),
    Expected(r"only root |booting .* needs root", "CI is root; who is not, may test the rest", _not_root),
    Expected(r"unshare: ", "a network of its own takes a user namespace, which this machine does not allow", _not_root),
    Expected(r"the box is made from this machine's own Debian packages", "there are none on Ubuntu", _not_debian),
    Expected(r"this machine does not let strace trace", "a container without SYS_PTRACE"),
    Expected(
        r"there is no .*\(\./setup\.sh image\)",
        "GRUB for PCs is no package of Debian's other architectures",
        lambda: platform.machine() != "x86_64",
    ),
    Expected(
        r"transformers comes with ",
        "the release that we compare with has dropped 3.10",
        lambda: sys.version_info < (3, 11),
    ),
)
