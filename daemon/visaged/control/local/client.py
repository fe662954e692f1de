"""The asking side of the local control socket, for ``visaged capsules play`` and its like."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import struct
import uuid
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from visaged.control.local.paths import search_paths
from visaged.control.protocol.envelope import ErrorBody

# Quick commands answer within milliseconds; a daemon that takes longer than this hangs.
DEFAULT_TIMEOUT_S: Final = 5.0
# The largest answer is a snapshot of 5 s, about 50 kB.
_MAX_ANSWER_BYTES: Final = 1 << 22
# struct timeval
_TIMEVAL: Final = struct.Struct("@ll")


class NoDaemon(Exception):
    """No running daemon could be asked (exit code 69); the message says where it was looked for."""


class CommandFailed(Exception):
    """The daemon answered with an error."""

    def __init__(self, error: ErrorBody) -> None:
        where = f" ({error.field})" if error.field else ""
        super().__init__(f"{error.code}{where}: {error.message}")
        self.error = error


class ControlClient:
    """One connection to the daemon of this machine. Use with ``with``; not shared between threads."""

    def __init__(self, path: Path | None = None) -> None:
        """Connect to ``path``, or to the first socket of ``search_paths()`` that answers. Raises NoDaemon."""
        self._paths = (path,) if path else search_paths()
        self._connect()
        self._answered = False

    def __enter__(self) -> ControlClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _connect(self) -> None:
        self._connection = _connect(self._paths)
        self._reader = self._connection.makefile("rb")

    def close(self) -> None:
        """Hang up."""
        self._reader.close()
        self._connection.close()

    def call(
        self,
        command: str,
        /,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        on_progress: Callable[[str, float | None], None] | None = None,
        **fields: Any,
    ) -> dict[str, Any]:
        """Send one command and return the ``data`` of its answer.

        ``on_progress(doing, percent)`` hears of a long one meanwhile; each line of it gives the daemon its time anew.
        Raises CommandFailed when it was refused, NoDaemon when the daemon went away or did not answer in time.
        """
        request = {"command": command, "transaction": uuid.uuid4().hex, **fields}
        if on_progress is not None:
            request["progress"] = True
        line = self._ask(json.dumps(request).encode() + b"\n", timeout_s)
        if not line and self._answered:
            # Nobody had used it for minutes, and the daemon hung up; the transaction makes asking twice harmless.
            self.close()
            self._connect()
            line = self._ask(json.dumps(request).encode() + b"\n", timeout_s)
        while on_progress is not None and (told := _progress_in(line)):
            on_progress(*told)
            line = self._ask(b"", timeout_s)
        if not line.endswith(b"\n"):
            raise NoDaemon("the daemon hung up without an answer; see its log")
        self._answered = True
        try:
            answer: dict[str, Any] = json.loads(line)
            data: dict[str, Any] | None = answer["data"] if answer["status"] == "ok" else None
            error = None if data is not None else ErrorBody.model_validate(answer["error"])
        except (ValueError, LookupError, TypeError, RecursionError):
            raise NoDaemon("what answers there is no visaged, or one of another version") from None
        if error is not None:
            raise CommandFailed(error)
        return data or {}

    def _ask(self, request: bytes, timeout_s: float) -> bytes:
        """The line that answers ``request``; empty when the daemon hung up. Raises NoDaemon when it is silent."""
        self._connection.settimeout(timeout_s)
        try:
            # What it said before it hung up can still be read.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self._connection.sendall(request)
            return self._reader.readline(_MAX_ANSWER_BYTES)
        except TimeoutError:
            raise NoDaemon(f"the daemon did not answer within {timeout_s:g} s; see its log") from None
        except OSError:
            return b""


def _progress_in(line: bytes) -> tuple[str, float | None] | None:
    """What a line says of the progress; None where it is anything else."""
    try:
        told = json.loads(line)["progress"]
        return str(told["doing"]), None if told["percent"] is None else float(told["percent"])
    except (ValueError, LookupError, TypeError, RecursionError):
        return None


def _connect(paths: tuple[Path, ...]) -> socket.socket:
    failures = []
    for path in paths:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        # Not settimeout: that fails at once (EAGAIN) while others stand in the queue before us.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _TIMEVAL.pack(int(DEFAULT_TIMEOUT_S), 0))
        try:
            connection.connect(os.fspath(path))
        except OSError as error:
            connection.close()
            failures.append(f"{path}: {error.strerror or error}")
            if isinstance(error, PermissionError):
                raise NoDaemon(f"not allowed to use {path}; run as root or join the group visaged") from None
        else:
            return connection
    looked = "; ".join(failures)
    raise NoDaemon(f"no visaged is running on this machine ({looked}); start it with: systemctl start visaged")
