"""The page's password: where it is kept, set and checked. What is kept is an argon2id hash, or the owner's own text."""

from __future__ import annotations

import hmac
import threading
from pathlib import Path
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from visaged.config.credential import WEB_PASSWORD, secret_path
from visaged.files import read_bounded, write_atomic

SHORTEST: Final = 8
LONGEST: Final = 256
_FILE: Final = "password"
_MAX_FILE_BYTES: Final = 4096
# OWASP's first choice for small machines: 19 MiB, two passes; 50 ms on a Jetson.
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
# One at a time: each takes 19 MiB and a core.
_ONE: Final = threading.Lock()


class BadPassword(ValueError):
    """It cannot be one; the message says what is accepted."""


class Passwords:
    """The one password. Any thread."""

    def __init__(self, file: str, state: Path | None) -> None:
        """``file``: ``web.password_file``; ``state``: our folder, where one that is set is kept."""
        self._named = file
        self._state = state

    @property
    def path(self) -> Path | None:
        """The file it is read from: of the settings, a systemd credential, else our own; None: there can be none."""
        own = None if self._state is None else self._state / _FILE
        return secret_path(self._named, WEB_PASSWORD) or own

    def known(self) -> bool:
        """Whether there is one."""
        return bool(self._read())

    def check(self, word: str) -> bool:
        """Whether it is ``word``; takes a moment, by design."""
        kept = self._read()
        if not kept or not 1 <= len(word) <= LONGEST:
            return False
        if not kept.startswith("$argon2"):
            return hmac.compare_digest(kept.encode(), word.encode())
        with _ONE:
            try:
                return _HASHER.verify(kept, word)
            except (VerificationError, InvalidHashError):
                return False

    def set(self, word: str) -> Path:
        """Keep ``word`` from now on; the file it lies in. Raises BadPassword, OSError."""
        if not SHORTEST <= len(word) <= LONGEST or not word.isprintable():
            raise BadPassword(f"expected {SHORTEST} to {LONGEST} printable characters")
        path = Path(self._named) if self._named else None if self._state is None else self._state / _FILE
        if path is None:
            raise BadPassword("this user has no folder for it; set web.password_file")
        if not self._named:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomic(path, _HASHER.hash(word).encode() + b"\n", new_mode=0o600)
        return path

    def _read(self) -> str:
        path = self.path
        if path is None:
            return ""
        try:
            return read_bounded(path, _MAX_FILE_BYTES).decode().strip("\r\n")
        except (OSError, UnicodeDecodeError):
            return ""
