"""``visaged-update BUNDLE``: installs an update into the slot that is not in use and starts it, while nobody talks.

Nothing is in danger before the last step: the running slot is not touched, and the new one must move the face to stay.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from face import silent_s

_ASK_EVERY_S: Final = 5.0
_TELL_EVERY_S: Final = 60.0


def wait_for_quiet(quiet_s: float) -> None:
    """Until nobody has spoken for ``quiet_s``. A box that cannot tell, because nothing runs or hears, is quiet."""
    told = 0.0
    while (silent := silent_s()) is not None and silent < quiet_s:
        if time.monotonic() - told > _TELL_EVERY_S:
            print(f"a guest talks: waiting for {quiet_s:g} s of silence", flush=True)
            told = time.monotonic()
        time.sleep(_ASK_EVERY_S)


def main() -> int:
    """Install and start again; returns the exit code."""
    parser = argparse.ArgumentParser(prog="visaged-update", description=(__doc__ or "").partition(": ")[2])
    parser.add_argument("bundle", type=Path, help="the .raucb file, signed for this box")
    parser.add_argument("--quiet-s", type=float, default=60.0, metavar="S", help="silence to wait for (default 60)")
    parser.add_argument("--no-reboot", action="store_true", help="the new version runs from the next start on")
    options = parser.parse_args()
    if not options.bundle.is_file():
        print(f"visaged-update: {options.bundle}: there is no such file", file=sys.stderr)
        return 2
    try:
        # Unpacking loads disk and processor: not while the face has to be good.
        wait_for_quiet(options.quiet_s)
        if subprocess.run(["rauc", "install", str(options.bundle.resolve())], check=False).returncode:
            print("visaged-update: refused, see above; the running version stays", file=sys.stderr)
            return 1
        if options.no_reboot:
            return 0
        wait_for_quiet(options.quiet_s)
    except KeyboardInterrupt:
        return 130
    subprocess.run(["systemctl", "reboot"], check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
