"""The asking side of the local control socket, for ``visaged capsules play`` and its like."""

from __future__ import annotations

import json
import os
import socket
import uuid
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from visaged.control.local.paths import search_paths
from visaged.control.protocol.envelope import ErrorBody

# Quick commands answer within milliseconds; a daemon that takes longer than this hangs.
DEFAULT_TIMEOUT_S: Final = 5.0
# The largest answer is a snapshot of 5 s, about 50 kB.
_MAX_ANSWER_BYTES: Final = 1 << 22


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
        self._connection = _connect((path,) if path else search_paths())
        self._reader = self._connection.makefile("rb")

    def __enter__(self) -> ControlClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._reader.close()
        self._connection.close()

    def call(self, command: str, /, timeout_s: float = DEFAULT_TIMEOUT_S, **fields: Any) -> dict[str, Any]:
        """Send one command and return the ``data`` of its answer.

        Raises CommandFailed when it was refused, NoDaemon when the daemon went away or did not answer in time.
        """
        request = {"command": command, "transaction": uuid.uuid4().hex, **fields}
        self._connection.settimeout(timeout_s)
        try:
            self._connection.sendall(json.dumps(request).encode() + b"\n")
            line = self._reader.readline(_MAX_ANSWER_BYTES)
        except TimeoutError:
            raise NoDaemon(f"the daemon did not answer within {timeout_s:g} s; see its log") from None
        except OSError as error:
            raise NoDaemon(f"the daemon hung up: {error.strerror}; see its log") from None
        if not line.endswith(b"\n"):
            raise NoDaemon("the daemon hung up without an answer; see its log")
        answer: dict[str, Any] = json.loads(line)
        if answer["status"] != "ok":
            raise CommandFailed(ErrorBody.model_validate(answer["error"]))
        data: dict[str, Any] = answer["data"]
        return data


def _connect(paths: tuple[Path, ...]) -> socket.socket:
    failures = []
    for path in paths:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(DEFAULT_TIMEOUT_S)
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
