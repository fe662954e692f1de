"""A name server of our own, and a resolv.conf that names it: it answers, or says SERVFAIL, or says nothing.

The daemon runs in a mount namespace in which that is /etc/resolv.conf: glibc's own resolver asks, waits and gives up.
"""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import threading
from pathlib import Path
from typing import Literal

NAME = "unreal.soak.test"
"""What it knows: 127.0.0.1."""

Mood = Literal["answers", "fails", "silent"]

_HEADER = struct.Struct("!6H")
_ANSWER = 0x8180
_SERVFAIL = 0x8182
_TYPE_A = 1
# Points back at the name of the question; type A, class IN, TTL 0, four bytes.
_RECORD = b"\xc0\x0c" + struct.pack("!2HIH4B", _TYPE_A, 1, 0, 4, 127, 0, 0, 1)


class NameServer:
    """``start``, change ``mood``, ``close``; one thread."""

    def __init__(self, folder: Path) -> None:
        pid = os.getpid()
        # Port 53 is not to be chosen, the address is: two soaks may run at once.
        self._address = f"127.53.{pid >> 8 & 0xFF}.{pid & 0xFF or 1}"
        self._conf = folder / "resolv.conf"
        self.mood: Mood = "answers"
        self.asked = 0
        self._ended = threading.Event()

    def start(self) -> bool:
        """Whether this process may have port 53 and a mount namespace (root)."""
        probe = ("unshare", "--mount", "mount", "--bind", "/etc/hostname", "/etc/resolv.conf")
        if subprocess.run(probe, capture_output=True, check=False).returncode != 0:
            return False
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.bind((self._address, 53))
        server.settimeout(0.2)
        self._conf.write_text(f"nameserver {self._address}\noptions timeout:2 attempts:1\n")
        threading.Thread(target=self._serve, args=(server,), daemon=True).start()
        return True

    def wrapper(self) -> tuple[str, ...]:
        """A command that runs the one after it where it is the name server; the process id stays."""
        script = f'mount --bind {self._conf} /etc/resolv.conf && exec "$@"'
        return ("unshare", "--mount", "--propagation", "slave", "sh", "-c", script, "sh")

    def close(self) -> None:
        """The thread ends within a fifth of a second."""
        self._ended.set()

    def _serve(self, server: socket.socket) -> None:
        with server:
            while not self._ended.is_set():
                try:
                    question, sender = server.recvfrom(512)
                except TimeoutError:
                    continue
                self.asked += 1
                if self.mood != "silent":
                    server.sendto(answer(question, self.mood), sender)


def answer(question: bytes, mood: Mood) -> bytes:
    """The answer to a question for one name: its address for type A, nothing of any other type."""
    number, *_ = _HEADER.unpack_from(question)
    end = question.index(b"\0", _HEADER.size) + 1
    (kind,) = struct.unpack_from("!H", question, end)
    asked = question[_HEADER.size : end + 4]
    if mood == "fails":
        return _HEADER.pack(number, _SERVFAIL, 1, 0, 0, 0) + asked
    found = _RECORD if kind == _TYPE_A else b""
    return _HEADER.pack(number, _ANSWER, 1, int(bool(found)), 0, 0) + asked + found
