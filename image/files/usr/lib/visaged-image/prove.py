"""Once after every start: the slot is good when the face has moved. Run by visaged-prove.service.

A version that never moved a face on this box is marked bad and the box starts the other one. A version that has done so
before stays: then it is not the version that is broken, and a box that starts over and over helps nobody.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from face import wait_until_it_moves

from visaged.files import write_atomic

# A cold start on a slow card takes half a minute; an emulated box needs more.
_TIMEOUT_S: Final = float(os.environ.get("VISAGED_PROVE_S", "120"))
_PROVEN: Final = Path("/data/proven")
_VERSION: Final = Path("/usr/lib/visaged-image/version")


def main() -> int:
    """Mark the slot; returns the exit code."""
    version = _VERSION.read_bytes()
    proven = _PROVEN.exists() and version in _PROVEN.read_bytes().splitlines(keepends=True)
    if wait_until_it_moves(_TIMEOUT_S):
        subprocess.run(["rauc", "status", "mark-good"], check=True)
        if not proven:
            # The last few versions are enough: there are two slots.
            known = (_PROVEN.read_bytes().splitlines(keepends=True) if _PROVEN.exists() else [])[-3:]
            write_atomic(_PROVEN, b"".join((*known, version)))
        print("the face has moved: this slot is good")
        return 0
    if proven:
        print(
            "the face does not move; this version has moved it before, so it stays: journalctl -u visaged",
            file=sys.stderr,
        )
        return 1
    print(
        "the face has not moved since the start, and never did with this version: back to the other slot",
        file=sys.stderr,
    )
    subprocess.run(["rauc", "status", "mark-bad"], check=True)
    subprocess.run(["systemctl", "--no-block", "reboot"], check=True)
    return 1


if __name__ == "__main__":
    sys.exit(main())
