"""The other end of a conversation: somebody who says back what the guest has said, over a bad network."""

from __future__ import annotations

import subprocess
import sys

# As a wireless network on a busy evening.
_NETWORK = ("--loss=2", "--jitter-ms=20", "--reorder=1", "--duplicate=1")


class Brain:
    """``start`` and ``stop`` as often as you like."""

    def __init__(self, device: str, broker_port: int) -> None:
        self._command = (
            *(sys.executable, "-m", "visaged", "codec", "peer"),
            *(f"--device={device}", f"--broker=127.0.0.1:{broker_port}", *_NETWORK),
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """It begins to listen."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)

    def stop(self) -> None:
        """Cut off in the middle of a word."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
