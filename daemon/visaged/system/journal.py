"""Log records to journald with their fields: systemd's native protocol (JOURNAL_NATIVE_PROTOCOL).

``journalctl -u visaged VISAGED_PROBLEM=audio_input_lost`` finds every time that a microphone was lost. What a field
means is written in docs/operations.md.
"""

from __future__ import annotations

import logging
import os
import socket
import struct
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final, TextIO

from visaged.system.log_format import PrintableFormatter

SOCKET: Final = Path("/run/systemd/journal/socket")

# syslog(3)
_PRIORITIES: Final = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3, logging.CRITICAL: 2}
_INFO: Final = 6
# A datagram must fit a socket's buffer (212,992 bytes by default); a log line is never meant to be near that.
_MAX_VALUE_BYTES: Final = 32_768


def encode(fields: Mapping[str, str]) -> bytes:
    """One entry. A value of several lines is preceded by its length, little-endian, 64 bits."""
    parts: list[bytes] = []
    for name, value in fields.items():
        data = value.encode(errors="replace")[:_MAX_VALUE_BYTES]
        if b"\n" in data:
            parts.append(name.encode() + b"\n" + struct.pack("<Q", len(data)) + data + b"\n")
        else:
            parts.append(name.encode() + b"=" + data + b"\n")
    return b"".join(parts)


def priority(level: int) -> int:
    """The syslog priority of a logging level."""
    return _PRIORITIES.get(level, _INFO)


def is_journal(stream: TextIO, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether ``stream`` goes to journald: systemd names its device and inode (systemd.exec(5), JOURNAL_STREAM)."""
    try:
        status = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return environment.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


class JournalHandler(logging.Handler):
    """Sends each record as one entry; what journald does not take now goes to ``fallback``. Never blocks on journald.

    A record's attribute ``problem`` (``log.warning(…, extra={"problem": code})``) becomes VISAGED_PROBLEM.
    """

    def __init__(self, fallback: logging.Handler, path: Path = SOCKET) -> None:
        super().__init__()
        self._fallback = fallback
        self._path = str(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)

    def emit(self, record: logging.LogRecord) -> None:
        """One record."""
        try:
            self._socket.sendto(encode(self._fields(record)), self._path)
        except OSError:
            # It restarts, or cannot keep up: standard error leads to it, too, and is waited for by the kernel.
            self._fallback.handle(record)

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()
        super().close()

    def _fields(self, record: logging.LogRecord) -> dict[str, str]:
        fields = {
            "MESSAGE": self.format(record),
            "PRIORITY": str(priority(record.levelno)),
            "SYSLOG_IDENTIFIER": "visaged",
            "LOGGER": record.name,
            "THREAD_NAME": record.threadName or "",
            "CODE_FILE": record.pathname,
            "CODE_LINE": str(record.lineno),
            "CODE_FUNC": record.funcName or "",
        }
        problem = getattr(record, "problem", None)
        if problem is not None:
            fields["VISAGED_PROBLEM"] = str(problem)
        return fields


class LineFormatter(PrintableFormatter):
    """For standard error that leads to journald: sd-daemon(3) gives a line that begins with <N> that priority."""

    def format(self, record: logging.LogRecord) -> str:
        """Each line of a traceback is an entry of its own and needs its own priority."""
        return "\n".join(f"<{priority(record.levelno)}>{line}" for line in super().format(record).splitlines())


def journal_handler(path: Path = SOCKET) -> logging.Handler:
    """The handler for a service: entries with fields where journald listens, else lines on standard error."""
    lines = logging.StreamHandler(sys.stderr)
    lines.setFormatter(LineFormatter("%(name)s: %(message)s"))
    if not path.is_socket():
        return lines
    handler = JournalHandler(lines, path)
    handler.setFormatter(PrintableFormatter("%(message)s"))
    return handler
